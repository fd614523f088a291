/** `lxcnet list` and `show`: what is configured, what runs, and where the two differ. */
import {
  type Container,
  type HostView,
  linkOf,
  modeOf,
  type Nic,
  namesInside,
  pendingChanges,
  plugOf,
  typeOf,
  value,
  values,
} from '../nic/index.ts'
import type { ContainerRow, ListReport, NicDetail, NicRow, ShowReport } from '../report/list.ts'
import type { Reading } from './context.ts'
import type { Selected } from './select.ts'

export function listNics(
  host: string,
  { view, snapshot }: Reading,
  chosen: Iterable<Container> = view.containers.values(),
): ListReport {
  const rows: ContainerRow[] = []
  for (const container of chosen) rows.push(row(container, view))
  rows.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const unfinished = [...snapshot.entries].map(([id, state]) => ({ id, state }))
  return {
    schema: 'lxcnet.list/1',
    host,
    lxcpath: view.lxcpath,
    lxcVersion: view.version ?? null,
    containers: rows,
    unfinished,
  }
}

function row(container: Container, view: HostView): ContainerRow {
  const { name, state, effective, text } = container
  const inside = namesInside(effective.nics)
  const refusal = effective.problems.find((problem) => problem.severity === 'error')
  const pending = state === 'stopped' || view.links === undefined ? [] : pendingChanges(container, view)
  return {
    name,
    state,
    readable: text !== undefined,
    refused: refusal !== undefined,
    refusedBecause: refusal?.message ?? null,
    restart: pending === undefined ? 'unknown' : pending.length > 0 ? 'pending' : 'no',
    nics: effective.nics.map((nic) => nicRow(nic, inside.get(nic.index))),
  }
}

const nicRow = (nic: Nic, inside: string | undefined): NicRow => ({
  index: nic.index,
  style: nic.style,
  type: typeOf(nic),
  mode: modeOf(nic) ?? null,
  link: linkOf(nic) ?? null,
  name: inside ?? null,
  hwaddr: value(nic, 'hwaddr') ?? null,
  addresses: [...values(nic, 'ipv4.address'), ...values(nic, 'ipv6.address')].map((text) => text.split(' ')[0] ?? ''),
  gateways: [...values(nic, 'ipv4.gateway'), ...values(nic, 'ipv6.gateway')],
  mtu: value(nic, 'mtu') ?? null,
  vlanId: value(nic, 'vlan.id') ?? value(nic, 'veth.vlan.id') ?? plugOf(nic)?.access ?? null,
})

export function showNics(host: string, { view }: Reading, selected: readonly Selected[]): ShowReport {
  return {
    schema: 'lxcnet.show/1',
    host,
    lxcVersion: view.version ?? null,
    containers: selected.map(({ container, nics }) => ({
      name: container.name,
      config: container.path,
      state: container.state,
      restart: pendingChanges(container, view) ?? null,
      nics: nics.map((nic) => detail(nic, container, view)),
    })),
  }
}

function detail(nic: Nic, container: Container, view: HostView): NicDetail {
  const inside = namesInside(container.effective.nics).get(nic.index)
  const keys = [...nic.keys].flatMap(([key, list]) =>
    list.map((one) => ({ key, value: one.value, file: one.file, line: one.line })),
  )
  const live = view.links === undefined ? undefined : container.live?.find((link) => link.name === inside)
  const host =
    live?.peerIndex === undefined
      ? undefined
      : [...(view.links?.values() ?? [])].find((link) => link.index === live.peerIndex)
  return {
    index: nic.index,
    style: nic.style,
    mode: modeOf(nic) ?? null,
    keys,
    live:
      live === undefined
        ? null
        : {
            name: live.name,
            hwaddr: live.mac,
            mtu: live.mtu,
            up: live.up,
            addresses: live.addresses,
            hostLink: host?.name ?? null,
            bridge: host?.master ?? null,
          },
  }
}

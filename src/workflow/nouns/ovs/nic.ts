/**
 * NICs on a switch of Open vSwitch, as this host's LXC needs them: by `link`, or by lxcnet's hook with `link` left out.
 *
 * What a person says is the same in both cases: link, and VLAN ids. So a NIC with the hook is edited as if it had them.
 */
import { setKey, unsetKey } from '../../../document/edit.ts'
import { type Line, print } from '../../../document/lxc-config.ts'
import {
  type Container,
  type Entries,
  type Finding,
  modeOf,
  type Nic,
  type Plug,
  plugEntries,
  plugOf,
  typeOf,
  value,
  values,
} from '../../../nic/index.ts'
import { hookReason, switchName } from '../../../ovs/index.ts'
import type { View } from '../../context.ts'

const vlanKeys = ['veth.vlan.id', 'veth.vlan.tagged.id']
const hookKeys = ['script.up', 'script.down']

/** What decides: the values of a NIC, from wherever they come. */
interface Wanted {
  type: string
  mode: string
  get(key: string): string | undefined
  all(key: string): readonly string[]
}

/** The plug of a NIC that needs the hook here; undefined when LXC's own ways will do. */
function hookFor({ type, mode, get, all }: Wanted, { switches, version, usernet }: View): Plug | undefined {
  const link = get('link')
  const one = link === undefined ? undefined : switches.get(link)
  if (link === undefined || one === undefined || type !== 'veth' || mode !== 'bridge') return undefined
  if (usernet !== undefined) return undefined // lxc-user-nic(1) plugs it in, as root
  const id = get('veth.vlan.id')
  const trunk = all('veth.vlan.tagged.id')
  const hasVlans = id !== undefined || trunk.length > 0
  const reason = hookReason({ version, netdev: one.netdev, hasVlans, hasPair: get('veth.pair') !== undefined })
  return reason === undefined ? undefined : { switch: link, access: id === 'none' ? undefined : id, trunk }
}

function refusals({ switch: name, trunk }: Plug, { get }: Wanted, view: View): Finding[] {
  const error = (code: string, message: string, fix: string, key: string): Finding => ({
    severity: 'error',
    code,
    message,
    fix,
    key,
  })
  const script = hookKeys.find((key) => get(key) !== undefined && !get(key)?.startsWith('/etc/lxcnet/hooks/ovs-'))
  const isAuto = get('ipv4.gateway') === 'auto' || get('ipv6.gateway') === 'auto'
  return [
    ...(switchName.test(name)
      ? []
      : [error('bad-link', `link: hooks cannot be given the name "${name}"`, 'rename the switch', 'link')]),
    ...(script === undefined
      ? []
      : [
          error(
            'hook-taken',
            `${script}: on "${name}" the NIC needs the hook of lxcnet there`,
            `leave ${script} out`,
            script,
          ),
        ]),
    ...(get('veth.vlan.id') === 'none' && trunk.length === 0
      ? [
          error(
            'bad-value',
            'veth.vlan.id: none without tagged VLANs leaves no traffic at all',
            'add --vlan-tagged-id',
            'veth.vlan.id',
          ),
        ]
      : []),
    ...(isAuto && addressOf(name, 4, view) === undefined && addressOf(name, 6, view) === undefined
      ? [
          error(
            'gateway-auto',
            `"${name}" has no address for gateway = auto to take`,
            "give the gateway's address",
            'ipv4.gateway',
          ),
        ]
      : []),
  ]
}

/** The address that LXC would take for gateway = auto, which looks at `link`. */
function addressOf(name: string, family: 4 | 6, { switches, links }: View): string | undefined {
  const all = [...(switches.get(name)?.addresses ?? []), ...(links?.get(name)?.addresses ?? [])]
  return all.find((text) => text.includes(':') === (family === 6))?.split('/')[0]
}

/** What the hook cannot take over from `link`: key → value. */
function instead(name: string, { get }: Wanted, view: View): [key: string, text: string][] {
  const gateways = ([4, 6] as const).flatMap((family): [string, string][] => {
    const address = get(`ipv${family}.gateway`) === 'auto' ? addressOf(name, family, view) : undefined
    return address === undefined ? [] : [[`ipv${family}.gateway`, address]]
  })
  const mtu = view.switches.get(name)?.mtu
  return [...gateways, ...(mtu === undefined || get('mtu') !== undefined ? [] : ([['mtu', mtu]] as [string, string][]))]
}

/** The lines of a new NIC as this host needs them. */
export function plugIn<T extends { entries: Entries; findings: Finding[] }>(built: T, view: View): T {
  const { entries, findings } = built
  const all = (key: string): string[] => entries.flatMap(([name, text]) => (name === key ? [text] : []))
  const get = (key: string): string | undefined => all(key).at(-1)
  const wanted = { type: get('type') ?? '', mode: get('veth.mode') ?? 'bridge', get, all }
  const plug = hookFor(wanted, view)
  if (plug === undefined) return built
  const own = new Map([...instead(plug.switch, wanted, view), ...plugEntries(plug)])
  const kept = entries.filter(([key]) => key !== 'link' && !vlanKeys.includes(key) && !own.has(key))
  return { ...built, entries: [...kept, ...own], findings: [...findings, ...refusals(plug, wanted, view)] }
}

/** The keys that were asked for, as `plugIn` writes them. */
export function askedIn(entries: Entries, asked: ReadonlySet<string>): Set<string> {
  if (!entries.some(([key, text]) => key === 'script.up' && text.startsWith('/etc/lxcnet/hooks/ovs-')))
    return new Set(asked)
  const rest = [...asked].filter((key) => key !== 'link' && !vlanKeys.includes(key) && !key.endsWith('.gateway'))
  return new Set([...rest, ...hookKeys])
}

const wordsOfLink = new Set([
  'type',
  'mode',
  'veth.mode',
  'link',
  'pair',
  'veth.pair',
  'vlan-id',
  'vlan-tagged-id',
  ...vlanKeys,
])

export interface Editing {
  container: Container
  view: View
  /** The keys that are edited, as a person wrote them. */
  words: readonly string[]
  findings: Finding[]
}

/** Edits a NIC as if LXC alone plugged it in, and writes down what this host needs. */
export function editPlugged(
  lines: Line[],
  nic: Nic,
  { container, view, words, findings }: Editing,
  edit: (lines: Line[], nic: Nic) => Line[],
): Line[] {
  const id = { style: nic.style, index: nic.index }
  const seen = (text: readonly Line[]): Nic | undefined =>
    view.evaluate(container.path, print(text)).nics.find((one) => one.index === nic.index)
  const plug = plugOf(nic)
  if (!words.some((word) => wordsOfLink.has(word))) return edit(lines, nic)
  const native = plug === undefined ? lines : withoutHook(lines, id, plug)
  const edited = edit(native, seen(native) ?? nic)
  const after = seen(edited)
  if (after === undefined) return edited
  const get = (key: string): string | undefined => value(after, key)
  const wanted = { type: typeOf(after), mode: modeOf(after) ?? '', get, all: (key: string) => values(after, key) }
  const next = hookFor(wanted, view)
  if (next === undefined)
    return plug === undefined ? edited : hookKeys.reduce((all, key) => unsetKey(all, id, key), edited)
  findings.push(...refusals(next, wanted, view))
  const bare = ['link', ...vlanKeys].reduce((all, key) => unsetKey(all, id, key), edited)
  return [...instead(next.switch, wanted, view), ...plugEntries(next)].reduce(
    (all, [key, text]) => setKey(all, id, key, [text]),
    bare,
  )
}

/** With the keys that the hook stands for; its own lines keep their place until it is known whether they stay. */
function withoutHook(
  lines: Line[],
  id: { style: Nic['style']; index: number },
  { switch: name, access, trunk }: Plug,
): Line[] {
  const linked = setKey(lines, id, 'link', [name])
  const id4 = access ?? (trunk.length > 0 ? 'none' : undefined)
  const tagged = id4 === undefined ? linked : setKey(linked, id, 'veth.vlan.id', [id4])
  return trunk.length === 0 ? tagged : setKey(tagged, id, 'veth.vlan.tagged.id', trunk)
}

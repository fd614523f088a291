/** NICs of several containers, edited one after the other before anything is put on the desk. */
import { contains, parseCidr } from '../../../core/address.ts'
import { addNic, removeNic, setKey } from '../../../document/edit.ts'
import { type Line, parse, print } from '../../../document/lxc-config.ts'
import { buildNic, choose, findKey, modeOf, type Nic, namesInside, typeOf, value, values } from '../../../nic/index.ts'
import type { Note } from '../../../plan/plan.ts'
import { containerOf, type View } from '../../context.ts'
import { noteOf, type Touch } from '../../nic-change.ts'
import type { Desk } from '../../noun/desk.ts'

export class Edits {
  /** As the desk has it, with what was edited here. */
  view: View
  readonly notes: Note[] = []
  private readonly desk: Desk
  private readonly touched = new Map<string, { indexes: Set<number>; whys: string[] }>()

  constructor(desk: Desk) {
    this.desk = desk
    this.view = desk.view
  }

  nics(name: string): readonly Nic[] {
    return containerOf(this.view, name).effective.nics
  }

  /** @param why in words; a change that changes nothing is not said */
  edit(name: string, change: (lines: Line[]) => Line[], why: string, index?: number): void {
    const container = containerOf(this.view, name)
    const text = print(change(parse(container.text)))
    const touch = this.touched.get(name) ?? { indexes: new Set(), whys: [] }
    this.touched.set(name, touch)
    if (text === container.text) return
    touch.whys.push(why)
    if (index !== undefined) touch.indexes.add(index)
    const effective = this.view.evaluate(container.path, text)
    const containers = new Map(this.view.containers).set(name, { ...container, text, effective })
    this.view = { ...this.view, containers }
  }

  /** A new NIC with a name of its own; @returns its MAC */
  add(name: string, type: 'veth' | 'macvlan', given: readonly [flag: string, text: string][], why: string): string {
    const nics = this.nics(name)
    const said = new Map([['ifname', [freeName(nics)]], ...given.map(([flag, text]) => [flag, [text]] as const)])
    const { entries, findings } = buildNic(type, said, nics, this.view, this.desk.context.random)
    this.notes.push(...findings.map((finding) => noteOf(finding)))
    const index = freeIndex(nics)
    this.edit(name, (lines) => addNic(lines, { style: 'modern', index }, entries), why, index)
    return entries.find(([key]) => key === 'hwaddr')?.[1] ?? ''
  }

  /** @param text as the flag of `create` takes it; undefined for none */
  set(name: string, index: number, key: string, text: string | undefined, why: string): void {
    const nic = this.nics(name).find((one) => one.index === index)
    if (nic === undefined || plain(nic, key) === text) return
    const known = findKey(key)
    const texts: string[] = []
    if (text !== undefined && known !== undefined) {
      const chosen = choose(known, text, this.view, this.desk.context.random, new Set())
      if ('value' in chosen) texts.push(chosen.value)
      else this.notes.push({ severity: 'error', ...chosen })
    }
    this.edit(name, (lines) => setKey(lines, { style: nic.style, index }, key, texts), why, index)
  }

  remove(name: string, { style, index }: Nic, why: string): void {
    this.edit(name, (lines) => removeNic(lines, { style, index }), why)
  }

  /** Everything at once: a container is restarted once. */
  put(restart: boolean): void {
    const touches = [...this.touched].map(([name, { indexes, whys }]): Touch => {
      const lines = parse(containerOf(this.view, name).text)
      return { container: containerOf(this.desk.view, name), lines, indexes: [...indexes], why: whys.join(', ') }
    })
    this.desk.note(...this.notes)
    this.desk.touch(touches, { restart })
  }
}

/** A key's value; of an address without the broadcast that some releases of LXC need beside it. */
export const plain = (nic: Nic, key: string): string | undefined =>
  key === 'ipv4.address' ? values(nic, key)[0]?.split(' ')[0] : value(nic, key)

export const byMac = (nics: readonly Nic[], mac: string): Nic | undefined =>
  nics.find((nic) => value(nic, 'hwaddr') === mac)

/** NICs on a link; those that reach each other there: veth and macvlan in mode bridge. */
export const onLink = (nics: readonly Nic[], link: string): Nic[] =>
  nics.filter(
    (nic) => ['veth', 'macvlan'].includes(typeOf(nic)) && value(nic, 'link') === link && modeOf(nic) === 'bridge',
  )

/** The NIC by which a container is in the subnet of the inside. */
export const memberNic = (nics: readonly Nic[], inside: string, subnet: string): Nic | undefined =>
  onLink(nics, inside).find((nic) => values(nic, 'ipv4.address').some((one) => isIn(one.split(' ')[0] ?? '', subnet)))

function isIn(address: string, subnet: string): boolean {
  const [one, all] = [parseCidr(address, 4), parseCidr(subnet, 4)]
  return one !== undefined && all !== undefined && contains(all, one.value)
}

/** Said always: rules name the NIC by it, and LXC's own choice depends on the other NICs. */
function freeName(nics: readonly Nic[]): string {
  const taken = new Set(namesInside(nics).values())
  for (let n = 0; ; n++) if (!taken.has(`eth${n}`)) return `eth${n}`
}

function freeIndex(nics: readonly Nic[]): number {
  const taken = new Set(nics.map(({ index }) => index))
  for (let index = 0; ; index++) if (!taken.has(index)) return index
}

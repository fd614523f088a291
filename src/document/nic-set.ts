/**
 * The NICs as LXC builds them up, line by line: which keys add up, which wipe, which stick.
 *
 * Sources: the `set_config_net_*()` and `clr_config_net_*()` functions in liblxc's confile.c (5.0.2, 7.0.0), and
 * confile_legacy.c of LXC 2.1.1 for `lxc.network` keys.
 */
import type { Finding } from './line-problems.ts'
import type { Setting } from './lxc-config.ts'
import { isList, type NetKey, netKey } from './net-key.ts'
import { type KeyRules, type Nic, type Overridden, type Value, valueAt, type Where } from './nic.ts'

export interface NicSetOptions extends KeyRules {
  /** Does `type` wipe the keys above it, and is a key on another type refused? LXC 4.0.7 and later. */
  wipes: boolean
  report(finding: Finding, where: Where): void
}

interface Entry {
  nic: Nic
  /** Where the NIC began. */
  where: Where
  /** What LXC holds of each gateway besides what wins: `dev` outlives a later address. */
  gateways: Map<string, { dev?: Value; auto?: Value; address?: Value }>
}

const legacySubs: ReadonlySet<string> = new Set(
  'type link flags name mtu hwaddr ipv4.address ipv4.gateway ipv6.address ipv6.gateway veth.pair vlan.id macvlan.mode script.up script.down'.split(
    ' ',
  ),
)

export class NicSet {
  readonly overridden: Overridden[] = []
  readonly options: NicSetOptions
  readonly #modern = new Map<number, Entry>()
  #legacy: Entry[] = []
  readonly #reasons = new Map<string, string | undefined>()

  constructor(options: NicSetOptions) {
    this.options = options
  }

  list(): Nic[] {
    return [...this.#modern.values(), ...this.#legacy]
      .map(({ nic }) => nic)
      .toSorted((a, b) => a.index - b.index || (a.style === 'modern' ? -1 : 1))
  }

  apply(net: NetKey, setting: Setting, where: Where): void {
    switch (net.style) {
      case 'bad':
        this.error('bad-index', `${setting.key}: ${net.reason}`, where)
        return
      case 'modern-all':
      case 'legacy-all':
        if (setting.value === '') this.clearAll(where)
        else this.error('net-with-value', `${setting.key} must not have a value`, where)
        return
      case 'modern-nic':
        if (setting.value === '') {
          this.forget(this.#modern.get(net.index), 'clear', where)
          this.#modern.delete(net.index)
        } else this.error('net-with-value', `${setting.key} must not have a value`, where)
        return
      case 'modern':
        this.applyModern(net, setting, where)
        return
      case 'legacy':
        this.applyLegacy(net, setting, where)
    }
  }

  applyModern({ index, sub }: { index: number; sub: string }, setting: Setting, where: Where): void {
    const reason = this.refusal(sub)
    if (reason !== undefined) this.error('key-refused', `${setting.key}: ${reason}`, where)
    const found = this.#modern.get(index)
    if (found === undefined && setting.value === '') {
      const message = `${setting.key}: NIC ${index} does not exist yet, so LXC refuses to clear its key`
      this.error('clear-before-define', message, where)
      return
    }
    const entry = found ?? newEntry(index, 'modern', where)
    this.#modern.set(index, entry)
    if (sub === 'type') this.setType(entry, setting, where)
    else {
      if (setting.value !== '' && this.options.wipes) this.checkType(entry, sub, setting, where)
      this.set(entry, sub, setting.value, where)
    }
  }

  setType(entry: Entry, { value, key }: Setting, where: Where): void {
    const { keys } = entry.nic
    if (this.options.wipes) {
      const lost = [...keys.keys()].filter((sub) => sub !== 'type')
      if (lost.length > 0) {
        const code = keys.has('type') ? 'type-wipes' : 'type-after-keys'
        const message = `${key}: LXC 4.0.7 and later forget what stands above it: ${lost.join(', ')}`
        this.options.report({ code, severity: 'warning', message }, where)
      }
      this.forget(entry, 'type', where)
      for (const sub of lost) keys.delete(sub)
      entry.gateways.clear()
    }
    this.set(entry, 'type', value, where)
  }

  applyLegacy({ index, sub }: { index?: number; sub: string }, setting: Setting, where: Where): void {
    if (!legacySubs.has(sub)) this.error('key-refused', `${setting.key}: no LXC knows this key`, where)
    if (sub === 'type' && setting.value === '') {
      this.clearAll(where)
      return
    }
    // LXC up to 2.1 adds a NIC for each type, also for one with an index
    if (sub === 'type') this.#legacy.push(newEntry(this.#legacy.length, 'legacy', where))
    const last = this.#legacy.at(-1) ?? [...this.#modern.values()].at(-1)
    const entry = index === undefined || sub === 'type' ? last : this.#legacy[index]
    if (entry === undefined) {
      const before = this.#legacy.length === 0
      const message = before
        ? `${setting.key} stands before the first lxc.network.type`
        : `${setting.key}: NIC ${index} does not exist at this line`
      this.error(before ? 'legacy-key-before-type' : 'legacy-no-such-nic', message, where)
      return
    }
    if (setting.value === '' && isList(sub))
      this.error('legacy-clear', `${setting.key}: LXC refuses an empty value here`, where)
    if (setting.value !== '') this.checkType(entry, sub, setting, where)
    this.set(entry, sub, setting.value, where)
  }

  /** LXC refuses a key of one type on another; a NIC without type counts as `empty`. */
  checkType({ nic }: Entry, sub: string, { key }: Setting, where: Where): void {
    const types = typesOf(sub)
    const type = nic.keys.get('type')?.[0]?.value
    if (types === undefined || types.includes(type ?? 'empty')) return
    const message =
      type === undefined
        ? `${key} stands above the type of its NIC, where LXC refuses it`
        : `${key} belongs to ${types.join(', ')}; NIC ${nic.index} is ${type}, and LXC refuses the file`
    this.error('wrong-type-key', message, where)
  }

  set(entry: Entry, sub: string, value: string, where: Where): void {
    const { keys } = entry.nic
    const old = keys.get(sub) ?? []
    if (sub.endsWith('.gateway')) this.setGateway(entry, sub, value, where)
    else if (value === '') {
      this.lose(entry.nic, sub, old, 'clear', where)
      keys.delete(sub)
    } else if (isList(sub)) {
      if (old.length === 0) keys.set(sub, [valueAt(value, where)])
      else old.push(valueAt(value, where))
    } else {
      if (where.inside === 'include') this.lose(entry.nic, sub, old, 'value', where)
      keys.set(sub, [valueAt(value, where)])
    }
  }

  /**
   * An empty value clears an address only: the flags behind the words `auto` and `dev` stay, and at start `dev` wins
   * over all (network.c, `lxc_network_setup_in_child_namespaces_common()`), also where lxc-info says `auto`.
   */
  setGateway({ nic, gateways }: Entry, sub: string, value: string, where: Where): void {
    const held = gateways.get(sub) ?? {}
    gateways.set(sub, held)
    const old = nic.keys.get(sub)?.[0]
    delete held.address
    if (value === 'dev') {
      delete held.auto
      held.dev = valueAt(value, where)
    } else if (value === 'auto') held.auto = valueAt(value, where)
    else if (value !== '') {
      delete held.auto
      held.address = valueAt(value, where)
    }
    const winner = held.dev ?? held.auto ?? held.address
    if (winner === undefined) nic.keys.delete(sub)
    else nic.keys.set(sub, [winner])
    if (winner !== undefined && winner.value !== value) {
      const message = `${netKey(nic, sub)} stays "${winner.value}", as line ${winner.line}${winner.file === where.file ? '' : ` of ${winner.file}`} says; LXC keeps it`
      this.options.report({ code: 'gateway-sticks', severity: 'warning', message }, where)
    } else if (old !== undefined && old !== winner) {
      if (value === '') this.lose(nic, sub, [old], 'clear', where)
      else if (where.inside === 'include') this.lose(nic, sub, [old], 'value', where)
    }
  }

  clearAll(where: Where): void {
    for (const entry of [...this.#modern.values(), ...this.#legacy]) this.forget(entry, 'clear', where)
    this.#modern.clear()
    this.#legacy = []
  }

  forget(entry: Entry | undefined, how: 'type' | 'clear', where: Where): void {
    if (entry === undefined) return
    for (const [sub, values] of entry.nic.keys)
      if (how === 'clear' || sub !== 'type') this.lose(entry.nic, sub, values, how, where)
  }

  lose(nic: Nic, sub: string, values: readonly Value[], how: Overridden['how'], { file, line, inside }: Where): void {
    for (const lost of values) {
      if (lost.inside !== 'own') continue
      this.overridden.push({ nic: { style: nic.style, index: nic.index }, sub, lost, by: { file, line, inside }, how })
    }
  }

  /** Problems of the NICs as they came out. */
  finish(): void {
    let next = 0
    for (const nic of this.list()) {
      if (nic.style === 'legacy') continue
      const { where } = this.#modern.get(nic.index) ?? {}
      if (where === undefined) continue
      if (nic.index > next) {
        this.options.report(
          {
            code: 'index-gap',
            severity: 'warning',
            message: `NIC ${nic.index} comes after a gap; lxc-info sees no NIC from ${next} on`,
          },
          where,
        )
      }
      next = nic.index + 1
      this.checkUseless(nic, where)
    }
  }

  /** Keys that do nothing on a NIC of this type, where LXC does not refuse them. */
  checkUseless(nic: Nic, { text, ...where }: Where): void {
    const type = nic.keys.get('type')?.[0]?.value
    if (type === undefined) return
    for (const [sub, [value]] of nic.keys) {
      const own = typesOf(sub)
      if (own !== undefined && this.options.wipes) continue // reported as refused where it stands
      const types = this.options.types?.(sub) ?? own
      if (value === undefined || types === undefined || types.includes(type)) continue
      const message = `${netKey(nic, sub)} does nothing on a NIC of type ${type}; it is for ${types.join(', ')}`
      this.options.report(
        { code: 'wrong-type-key', severity: 'warning', message },
        { ...where, ...value, text: value.line === where.line ? text : '' },
      )
    }
  }

  refusal(sub: string): string | undefined {
    const { known, lxcVersion } = this.options
    if (known === undefined) return undefined
    if (!this.#reasons.has(sub)) this.#reasons.set(sub, lxcVersion === undefined ? known(sub) : known(sub, lxcVersion))
    return this.#reasons.get(sub)
  }

  error(code: string, message: string, where: Where): void {
    this.options.report({ code, severity: 'error', message }, where)
  }
}

/** The first word of a key names its type, as LXC has it; the keys of all types have none. */
function typesOf(sub: string): string[] | undefined {
  const type = sub.slice(0, Math.max(0, sub.indexOf('.')))
  return ['veth', 'vlan', 'macvlan', 'ipvlan'].includes(type) ? [type] : undefined
}

const newEntry = (index: number, style: 'modern' | 'legacy', where: Where): Entry => ({
  nic: { index, style, keys: new Map() },
  where,
  gateways: new Map(),
})

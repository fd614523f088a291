/**
 * Edits of NICs in a config: pure, from lines to new lines.
 *
 * Two promises. Every byte outside the lines in question stays. And LXC sees afterwards exactly what was asked for,
 * all other NICs as before: each edit is evaluated before it is handed out, and one that its file would defeat is
 * refused with `edit-defeated`. Included files are not looked into; the caller evaluates with them.
 */
import { LxcnetError } from '../core/error.ts'
import { firstThat, sameBut, sameNic, sameValues, seen, valuesOf } from './edit-outcome.ts'
import type { Nic } from './effective.ts'
import { aboveComments, cutOut, endOf, separatesNics, splice, writeLine } from './layout.ts'
import { diffLists } from './list-diff.ts'
import { isProxmox, type Line, readsBack, type Setting } from './lxc-config.ts'
import { isList, type NicRef, netKey } from './net-key.ts'
import { isOf, type NicLine, nicLines, withIndex, withValue } from './nic-lines.ts'

export type { NicRef } from './net-key.ts'

/**
 * Gives a key its value, in place where it has one, else as a new line below the NIC's others.
 *
 * @param sub modern name of the key: `ipv4.address`
 * @param values one for a scalar; for a list all it shall have, lines with the same value stay
 * @throws {LxcnetError} `bad-value`, `no-such-nic`, `edit-defeated`, `proxmox-file`, `mixed-styles`
 */
export function setKey(lines: readonly Line[], nic: NicRef, sub: string, values: readonly string[]): Line[] {
  for (const value of values) checkValue(nic, sub, value)
  if (values.length === 0) return unsetKey(lines, nic, sub)
  if (!isList(sub) && values.length > 1) throw new LxcnetError('bad-value', `${netKey(nic, sub)} takes one value`)
  const owned = ownLines(lines)
  const mine = owned.filter((line) => isOf(line, nic) && line.alive)
  if (mine.length === 0 && !mayBeIncluded(lines, nic)) throw noSuchNic(nic)
  const same = mine.filter((line) => line.sub === sub)
  const isWanted = (after: Nic[]): boolean =>
    sameValues(valuesOf(after, nic, sub), values) &&
    sameBut(seen(lines), after, (one, key) => sameNic(one, nic) && key === sub)
  if (sameValues(valuesOf(seen(lines), nic, sub), values)) return [...lines]
  const without = (gone: readonly NicLine[]): Set<number> => withOrphans(owned, nic, new Set(gone.map(({ at }) => at)))
  const more = () => insertKey(lines, nic, sub, values, owned, new Set())
  const anew = () => insertKey(lines, nic, sub, values, owned, without(same))
  if (isList(sub)) return firstThat(lines, isWanted, nic, sub, [() => setList(lines, nic, sub, values), more, anew])
  const [value = ''] = values
  const last = same.at(-1)
  if (last === undefined) return firstThat(lines, isWanted, nic, sub, [more])
  const replace = new Map([[last.at, withValue(last.setting, value)]])
  const others = without(same.slice(0, -1))
  return firstThat(lines, isWanted, nic, sub, [
    () => splice(lines, { replace }),
    more,
    () => splice(lines, { replace, remove: others }),
    anew,
  ])
}

/**
 * Removes all lines of a key, also those that clear it. A file without any is returned as it is.
 *
 * @throws {LxcnetError} `bad-value` for the type, which a NIC cannot do without; `edit-defeated`, `proxmox-file`, `mixed-styles`
 */
export function unsetKey(lines: readonly Line[], nic: NicRef, sub: string): Line[] {
  if (sub === 'type')
    throw new LxcnetError('bad-value', `NIC ${nic.index} needs a type`, {
      suggestions: ['remove the whole NIC instead'],
    })
  const owned = ownLines(lines)
  const gone = new Set(
    owned
      .filter((line) => isOf(line, nic) && line.sub === sub && (line.alive || nic.style === 'modern'))
      .map(({ at }) => at),
  )
  if (gone.size === 0) return [...lines]
  const isWanted = (after: Nic[]): boolean =>
    valuesOf(after, nic, sub).length === 0 &&
    sameBut(seen(lines), after, (one, key) => sameNic(one, nic) && key === sub)
  return firstThat(lines, isWanted, nic, sub, [() => splice(lines, { remove: withOrphans(owned, nic, gone) })])
}

/**
 * Adds a NIC below the last one; in a file without NICs, or with a later include, at the end.
 *
 * @param nic of style legacy: its position; the NICs from there on move up by one
 * @param entries modern name of the key → value; the type is put first
 * @throws {LxcnetError} `nic-exists`, `bad-index`, `bad-value`, `edit-defeated`, `proxmox-file`, `mixed-styles`
 */
export function addNic(
  lines: readonly Line[],
  nic: NicRef,
  entries: readonly (readonly [sub: string, value: string])[],
): Line[] {
  for (const [sub, value] of entries) checkValue(nic, sub, value)
  const owned = ownLines(lines, nic.style)
  const before = seen(lines)
  const sections = before.filter(({ style }) => style === 'legacy').length
  if (nic.style === 'legacy' && nic.index > sections)
    throw new LxcnetError('bad-index', `the next NIC of this file is ${sections}, not ${nic.index}`)
  if (nic.style === 'modern' && before.some((one) => sameNic(one, nic)))
    throw new LxcnetError('nic-exists', `the file has a NIC ${nic.index} already`)
  const ordered = [...entries].sort(([a], [b]) => Number(b === 'type') - Number(a === 'type'))
  const near = owned.filter(({ sub }) => sub !== '').map(({ setting }) => setting)
  const block = ordered.map(([sub, value]) => writeLine(netKey(nic, sub), value, [near, settingsOf(lines)]))
  const next = nic.style === 'legacy' ? owned.find((line) => line.alive && !line.indexed && isOf(line, nic)) : undefined
  const place = next === undefined ? placeForNic(lines, owned) : aboveComments(lines, next.at)
  if (separatesNics(lines, owned)) {
    if (next !== undefined) block.push('')
    else if (place > 0 && lines[place - 1]?.kind !== 'blank') block.unshift('')
  }
  const wanted = new Map<string, string[]>()
  for (const [sub, value] of ordered) wanted.set(sub, isList(sub) ? [...(wanted.get(sub) ?? []), value] : [value])
  const moved = before.map((one) =>
    one.style === nic.style && nic.style === 'legacy' && one.index >= nic.index
      ? { ...one, index: one.index + 1 }
      : one,
  )
  const isWanted = (after: Nic[]): boolean =>
    [...wanted].every(([sub, values]) => sameValues(valuesOf(after, nic, sub), values)) &&
    sameBut(moved, after, (one) => sameNic(one, nic))
  const replace = renumber(owned, nic, 1)
  return firstThat(lines, isWanted, nic, 'type', [() => splice(lines, { replace, insert: new Map([[place, block]]) })])
}

/**
 * Removes every line of a NIC; comments stay. Legacy NICs below move down by one.
 *
 * @throws {LxcnetError} `no-such-nic` when no line of the file is about it; `edit-defeated`, `proxmox-file`, `mixed-styles`
 */
export function removeNic(lines: readonly Line[], nic: NicRef): Line[] {
  const owned = ownLines(lines)
  const included = lines.findIndex((line) => line.kind === 'setting' && line.key === 'lxc.include')
  // `lxc.net.N =` below an include may be what keeps an included NIC away
  const isGone = (line: NicLine): boolean =>
    isOf(line, nic) && (nic.style === 'legacy' ? line.alive : line.sub !== '' || included === -1 || line.at < included)
  const gone = new Set(owned.filter(isGone).map(({ at }) => at))
  if (gone.size === 0) throw noSuchNic(nic)
  const moved = seen(lines)
    .filter((one) => !sameNic(one, nic))
    .map((one) =>
      one.style === nic.style && nic.style === 'legacy' && one.index > nic.index
        ? { ...one, index: one.index - 1 }
        : one,
    )
  const renumbered = splice(lines, { replace: renumber(owned, { ...nic, index: nic.index + 1 }, -1) })
  return firstThat(lines, (after) => sameBut(moved, after, () => false), nic, '', [() => cutOut(renumbered, gone)])
}

/**
 * Gives a NIC another type, in place, and drops the keys that `keep` refuses. Keys above the type move below it:
 * LXC 4.0.7 and later forget what stands above.
 *
 * @throws {LxcnetError} `no-such-nic`, `bad-value`, `edit-defeated`, `proxmox-file`, `mixed-styles`
 */
export function retype(lines: readonly Line[], nic: NicRef, type: string, keep: (sub: string) => boolean): Line[] {
  checkValue(nic, 'type', type)
  const owned = ownLines(lines)
  const mine = owned.filter((line) => isOf(line, nic) && line.alive)
  if (mine.length === 0) throw noSuchNic(nic)
  const typeLine = mine.findLast(({ sub }) => sub === 'type')
  const start = typeLine?.at ?? mine[0]?.at ?? 0
  const isDropped = ({ at, sub }: NicLine): boolean => at !== typeLine?.at && (sub === 'type' || !keep(sub))
  const above = mine.filter((line) => line.at < start && !isDropped(line) && !line.indexed)
  const remove = new Set([...mine.filter(isDropped), ...above].map(({ at }) => at))
  const replace = new Map(typeLine === undefined ? [] : [[typeLine.at, withValue(typeLine.setting, type)]])
  const insert = new Map<number, string[]>()
  if (typeLine === undefined) insert.set(start, [writeLine(netKey(nic, 'type'), type, [settings(mine)])])
  if (above.length > 0)
    insert.set(
      start + 1,
      above.map(({ setting }) => setting.raw.replace(/[\r\n]+$/, '')),
    )
  const isWanted = (after: Nic[]): boolean =>
    sameValues(valuesOf(after, nic, 'type'), [type]) && sameBut(seen(lines), after, (one) => sameNic(one, nic))
  return firstThat(lines, isWanted, nic, 'type', [() => splice(lines, { replace, remove, insert })])
}

/** Lists change as little as they can: what stays keeps its line, the rest is changed in place, added or removed. */
function setList(lines: readonly Line[], nic: NicRef, sub: string, values: readonly string[]): Line[] {
  const old =
    seen(lines)
      .find((one) => sameNic(one, nic))
      ?.keys.get(sub) ?? []
  if (old.length === 0) return [...lines]
  const places = old.map(({ line }) => line - 1)
  const replace = new Map<number, Line>()
  const remove = new Set<number>()
  const insert = new Map<number, string[]>()
  for (const { from, to, added } of diffLists(
    old.map(({ value }) => value),
    values,
  )) {
    const changed = Math.min(to - from, added.length)
    for (const [n, place] of places.slice(from, to).entries()) {
      const line = lines[place]
      if (n < changed && line?.kind === 'setting') replace.set(place, withValue(line, added[n] ?? ''))
      else remove.add(place)
    }
    const behind = places[from + changed - 1]
    const place = behind === undefined ? (places[0] ?? 0) : behind + 1
    const models = places.map((at) => lines[at]).filter((line) => line?.kind === 'setting')
    const texts = added.slice(changed).map((value) => writeLine(netKey(nic, sub), value, [models]))
    if (texts.length > 0) insert.set(place, [...(insert.get(place) ?? []), ...texts])
  }
  return splice(lines, { replace, remove, insert })
}

function insertKey(
  lines: readonly Line[],
  nic: NicRef,
  sub: string,
  values: readonly string[],
  owned: readonly NicLine[],
  remove: ReadonlySet<number>,
): Line[] {
  const mine = owned.filter((line) => isOf(line, nic) && line.alive && !line.indexed)
  const groups = [settings(mine), settings(owned), settingsOf(lines)]
  const last = mine.at(-1)
  const place =
    sub === 'type'
      ? (mine[0]?.at ?? placeForNic(lines, owned))
      : last === undefined
        ? placeForNic(lines, owned)
        : last.at + 1
  return splice(lines, {
    remove,
    insert: new Map([[place, values.map((value) => writeLine(netKey(nic, sub), value, groups))]]),
  })
}

/** Below the last line about NICs; at the end if there is none, or if an include below it might defeat the NIC. */
function placeForNic(lines: readonly Line[], owned: readonly NicLine[]): number {
  const last = owned.at(-1)?.at ?? -1
  const included = lines.findLastIndex((line) => line.kind === 'setting' && line.key === 'lxc.include')
  return last === -1 || included > last ? endOf(lines) : last + 1
}

/**
 * With the lines `key =` that would come to stand first of their NIC once `gone` has gone, and did not before: LXC
 * refuses to clear a key of a NIC that does not exist yet.
 */
function withOrphans(owned: readonly NicLine[], nic: NicRef, gone: ReadonlySet<number>): Set<number> {
  const all = new Set(gone)
  let defined = false
  let stillDefined = false
  for (const line of owned) {
    const { at, setting, sub } = line
    if (line.nic !== undefined && !isOf(line, nic)) continue
    if (sub === '') defined = stillDefined = false
    else if (setting.value !== '') {
      defined = true
      stillDefined ||= !gone.has(at)
    } else if (defined && !stillDefined) all.add(at)
  }
  return all
}

/** Legacy keys that name their NIC by number follow it when it moves. */
function renumber(owned: readonly NicLine[], from: NicRef, by: 1 | -1): Map<number, Line> {
  const replace = new Map<number, Line>()
  if (from.style === 'modern') return replace
  for (const line of owned) {
    if (line.indexed && line.alive && line.nic !== undefined && line.nic.index >= from.index)
      replace.set(line.at, withIndex(line.setting, line.nic.index + by))
  }
  return replace
}

/** @throws {LxcnetError} `proxmox-file`, `mixed-styles` */
function ownLines(lines: readonly Line[], adds?: 'modern' | 'legacy'): NicLine[] {
  if (isProxmox(lines))
    throw new LxcnetError('proxmox-file', "the file is Proxmox VE's, which makes the LXC config from it", {
      suggestions: ['use `pct set`'],
    })
  const owned = nicLines(lines)
  const styles = new Set(owned.filter(({ alive }) => alive).flatMap(({ nic }) => nic?.style ?? []))
  if (adds !== undefined) styles.add(adds)
  if (styles.size > 1)
    throw new LxcnetError('mixed-styles', 'lxc.net and lxc.network keys cannot stand together', {
      suggestions: ['`lxcnet upgrade` makes all of them lxc.net'],
    })
  return owned
}

function checkValue(nic: NicRef, sub: string, value: string): void {
  if (value !== '' && readsBack(value)) return
  const reason = value === '' ? 'LXC takes an empty value for none' : 'LXC would not read it back as it is'
  throw new LxcnetError('bad-value', `${netKey(nic, sub)}: ${JSON.stringify(value)}: ${reason}`, {
    suggestions: ['give it on one line, without blanks or quotes around it'],
  })
}

const noSuchNic = (nic: NicRef): LxcnetError =>
  new LxcnetError('no-such-nic', `no line of the file is about NIC ${nic.index}`)

/** An included file may define the NIC; a legacy key would go to whichever NIC was last. */
const mayBeIncluded = (lines: readonly Line[], { style }: NicRef): boolean =>
  style === 'modern' && lines.some((line) => line.kind === 'setting' && line.key === 'lxc.include' && line.value !== '')

const settings = (owned: readonly NicLine[]): Setting[] =>
  owned.filter(({ sub }) => sub !== '').map(({ setting }) => setting)

const settingsOf = (lines: readonly Line[]): Setting[] => lines.filter((line) => line.kind === 'setting')

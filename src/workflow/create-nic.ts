/** `lxcnet create`: one more NIC for a container, or another in the place of one. */
import { exit, LxcnetError } from '../core/error.ts'
import { compareVersions } from '../core/version.ts'
import { addNic, type NicRef, retype, setKey } from '../document/edit.ts'
import { type Line, parse, print } from '../document/lxc-config.ts'
import {
  alreadySo,
  type Built,
  buildNic,
  type Container,
  type Entries,
  type Finding,
  findKey,
  isNextOf,
  keyOfWord,
  linkOf,
  modeOf,
  type Nic,
  type NicType,
  programOf,
  typeOf,
  value,
  values,
} from '../nic/index.ts'
import type { Draft } from './change.ts'
import type { Context, View } from './context.ts'
import { containerOf } from './context.ts'
import { draftOf, mustSee } from './nic-change.ts'
import { askedIn, plugIn } from './nouns/ovs/nic.ts'

export interface CreateRequest {
  container: string
  type: NicType
  /** Flag → values, as given. */
  given: ReadonlyMap<string, readonly string[]>
  index: number | undefined
  replace: number | undefined
  restart: boolean
  /** lxc-create makes the container, with the NICs of default.conf or without: `replace` may name none. */
  fresh?: boolean
}

export function createNic(context: Context, view: View, request: CreateRequest): Draft {
  const { type, given, replace } = request
  const container = containerOf(view, request.container)
  const { nics } = container.effective
  const style = styleFor(container, view)
  const asked = new Set([...given.keys()].flatMap((flag) => keyOfWord(flag, type)?.name ?? []))
  const build = (texts: typeof given, others: readonly Nic[]): Built =>
    plugIn(buildNic(type, texts, others, view, context.random), view)
  const saysAll = (nic: Nic): boolean => {
    const rest = nics.filter((other) => other !== nic)
    const { entries, findings } = build(keepAddress(given, nic), rest)
    return typeOf(nic) === type && findings.length === 0 && alreadySo(nic, entries, askedIn(entries, asked))
  }
  // on a fleet the same command again does what is left, and adds no second NIC where it was done
  const done = context.changeId === undefined ? undefined : nics.find(saysAll)?.index
  const index = replace ?? request.index ?? done ?? freeIndex(nics, style)
  const others = nics.filter((nic) => nic.index !== index)
  const old = nics.find((nic) => nic.index === index)
  if (replace !== undefined && old === undefined && !request.fresh)
    throw new LxcnetError('no-nic', `${container.name} has no NIC ${replace}`, {
      exit: exit.usage,
      suggestions: [`\`lxcnet show ${container.name}\` lists its NICs`],
    })

  if (old !== undefined && replace === undefined && saysAll(old)) {
    return draftOf(
      context,
      view,
      [{ container, lines: parse(container.text), indexes: [], why: `${container.name}: NIC ${index} is already so` }],
      { restart: request.restart },
    )
  }
  if (old !== undefined && replace === undefined) {
    throw new LxcnetError(
      'nic-exists',
      `${container.name} has a NIC ${index} already (${describe(old)}), and it is not the one asked for`,
      {
        exit: exit.data,
        suggestions: [
          `\`lxcnet create ${container.name} … --replace ${index}\` puts the new one in its place`,
          `\`lxcnet set ${container.name}:${index} key=value\` changes it`,
        ],
      },
    )
  }
  const still = old === undefined ? given : keepAddress(given, old)
  const kept = old === undefined ? still : keepMac(still, old, type)
  const { entries, findings } = build(kept, others)
  if (style === 'legacy') findings.push(...notInLegacy(entries, container.name))
  if (context.changeId !== undefined) findings.push(...chosenAlone(given))
  if (findings.some((finding) => finding.severity === 'error')) {
    return draftOf(context, view, [{ container, lines: parse(container.text), indexes: [], why: '' }], {
      restart: false,
      findings,
    })
  }
  let lines = parse(container.text)
  lines = old === undefined ? addNic(lines, { style, index }, entries) : inPlace(lines, { style, index }, entries)
  const seen = view.evaluate(container.path, print(lines))
  for (const [key, texts] of Map.groupBy(entries, ([name]) => name))
    mustSee(
      container,
      seen,
      index,
      key,
      texts.map(([, text]) => text),
    )
  const what = `${type}${modeWord(entries)}${linkWord(entries)}`
  const why = `${container.name}: ${replace === undefined ? 'adds' : 'replaces'} NIC ${index}, ${what}`
  return draftOf(context, view, [{ container, lines, indexes: [index], why }], {
    restart: request.restart,
    findings: [...findings, ...secondNic(container, nics, replace)],
  })
}

/** Programs that the hooks of a request start, to be looked for on the host. */
export const hooksIn = (given: ReadonlyMap<string, readonly string[]>): string[] =>
  ['script-up', 'script-down'].flatMap((flag) => given.get(flag) ?? []).flatMap((line) => programOf(line) ?? [])

/** Where the old NIC stood, line for line as far as the two agree. */
function inPlace(lines: Line[], nic: NicRef, entries: Entries): Line[] {
  const wanted = Map.groupBy(entries, ([key]) => key)
  const retyped = retype(lines, nic, entries[0]?.[1] ?? '', (key) => wanted.has(key))
  return [...wanted].slice(1).reduce(
    (all, [key, list]) =>
      setKey(
        all,
        nic,
        key,
        list.map(([, text]) => text),
      ),
    retyped,
  )
}

/** The syntax a new NIC is written in: the file's own; for a file without NICs what the host's LXC reads. */
export function styleFor(container: Container, view: View): 'modern' | 'legacy' {
  const styles = new Set(container.effective.nics.map((nic) => nic.style))
  if (styles.has('legacy')) return 'legacy'
  return styles.size === 0 && view.version !== undefined && compareVersions(view.version, '2.1.0') < 0
    ? 'legacy'
    : 'modern'
}

/** The lowest index that is free; legacy NICs are numbered by their place, so a new one is the last. */
function freeIndex(nics: readonly Nic[], style: 'modern' | 'legacy'): number {
  if (style === 'legacy') return nics.length
  const taken = new Set(nics.map((nic) => nic.index))
  for (let index = 0; ; index++) if (!taken.has(index)) return index
}

/** A NIC that takes the place of another keeps its MAC, so that its DHCP lease stays; unless one was given. */
function keepMac(
  given: ReadonlyMap<string, readonly string[]>,
  old: Nic,
  type: NicType,
): ReadonlyMap<string, readonly string[]> {
  const mac = value(old, 'hwaddr')
  const fits = (findKey('hwaddr')?.types as readonly string[] | undefined)?.includes(type) ?? false
  return given.has('hwaddr') || mac === undefined || !fits || /x/i.test(mac)
    ? given
    : new Map([...given, ['hwaddr', [mac]]])
}

/** An address that was chosen from a subnet before is not chosen anew: the same command twice changes nothing. */
function keepAddress(given: ReadonlyMap<string, readonly string[]>, old: Nic): ReadonlyMap<string, readonly string[]> {
  return new Map(
    [...given].map(([flag, texts]) => {
      if (flag !== 'ipv4' && flag !== 'ipv6') return [flag, texts]
      const have = values(old, `${flag}.address`).map((text) => text.split(' ')[0] ?? '')
      return [flag, texts.map((text) => have.find((one) => isNextOf(text, one)) ?? text)]
    }),
  )
}

/** No host knows what another chooses. */
function chosenAlone(given: ReadonlyMap<string, readonly string[]>): Finding[] {
  const words = [...given.values()].flat().filter((text) => text.startsWith('next:'))
  return words.map((text) => ({
    severity: 'warning',
    code: 'next-per-host',
    message: `${text} is chosen on each host by itself: hosts that share this network can get the same address`,
    fix: 'name the addresses in a site file: lxcnet.yaml(5)',
  }))
}

export function notInLegacy(entries: Entries, container: string): Finding[] {
  const modernOnly = entries.filter(([key]) => findKey(key)?.legacy === undefined).map(([key]) => key)
  const type = entries[0]?.[1]
  if (type === 'ipvlan') modernOnly.push('type ipvlan')
  return modernOnly.map((key) => ({
    severity: 'error',
    code: 'not-in-legacy',
    message: `${container} is written in the syntax of LXC before 2.1 (lxc.network.*), which has no ${key}`,
    fix: `\`lxcnet upgrade ${container}\` first`,
    key,
  }))
}

function secondNic(container: Container, nics: readonly Nic[], replace: number | undefined): Finding[] {
  const [only] = nics
  if (replace !== undefined || nics.length !== 1 || only === undefined || typeOf(only) === 'empty') return []
  return [
    {
      severity: 'warning',
      code: 'second-nic',
      message: `${container.name} has a NIC ${only.index} already (${describe(only)}); this is a second one`,
      fix: `to have the new one alone: --replace ${only.index}`,
    },
  ]
}

export function describe(nic: Nic): string {
  const mode = modeOf(nic)
  const link = linkOf(nic)
  return `${typeOf(nic)}${mode === undefined || typeOf(nic) === 'veth' ? '' : ` ${mode}`}${link === undefined ? '' : ` on ${link}`}`
}

const modeWord = (entries: Entries): string => {
  const mode = entries.find(([key]) => key.endsWith('.mode'))?.[1]
  return mode === undefined ? '' : ` ${mode}`
}

const linkWord = (entries: Entries): string => {
  const get = (name: string): string | undefined => entries.find(([key]) => key === name)?.[1]
  const link = get('link') ?? /^\/etc\/lxcnet\/hooks\/ovs-up (\S+)/.exec(get('script.up') ?? '')?.[1]
  return link === undefined ? '' : ` on ${link}`
}

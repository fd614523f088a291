/** `lxcnet set`, `unset` and `delete`: NICs that are there already. */
import { exit, LxcnetError } from '../core/error.ts'
import { removeNic, retype, setKey, unsetKey } from '../document/edit.ts'
import { type Line, parse, print } from '../document/lxc-config.ts'
import {
  type Container,
  choose,
  type Finding,
  type Key,
  keyOfWord,
  keys,
  type Nic,
  nicTypes,
  programOf,
  typeOf,
  values,
} from '../nic/index.ts'
import type { Draft } from './change.ts'
import type { Context, View } from './context.ts'
import { describe } from './create-nic.ts'
import { draftOf, mustSee, type Touch } from './nic-change.ts'
import { editPlugged } from './nouns/ovs/nic.ts'
import { type Selected, selectNics } from './select.ts'

/** `key=value`, `key+=value` and `key-=value`; the last two for keys that may stand on several lines. */
export interface Assignment {
  key: string
  /** Of `lxc.net.N.key`, when it was written in full. */
  index: number | undefined
  operator: '=' | '+=' | '-='
  values: string[]
}

/** @throws {LxcnetError} `usage` */
export function parseAssignment(text: string): Assignment {
  const [, index, key = '', operator = '', value = ''] =
    /^(?:lxc\.net\.(\d{1,10})\.)?([a-z](?:[a-z0-9_.-]*[a-z0-9_])?)(\+=|-=|=)(.*)$/s.exec(text) ?? []
  if (key === '')
    throw new LxcnetError('usage', `${JSON.stringify(text)} is not key=value`, {
      exit: exit.usage,
      suggestions: ['for instance mtu=1400, link=br0, ipv4.address+=10.0.5.4/24'],
    })
  const assignment = { key, operator: operator as Assignment['operator'], values: [value] }
  return { ...assignment, index: index === undefined ? undefined : Number(index) }
}

/** Programs that the hooks of a request start, to be looked for on the host. */
export const hooksIn = (assignments: readonly Assignment[]): string[] =>
  assignments
    .filter(({ key }) => /^script[.-](up|down)$/.test(key))
    .flatMap((one) => one.values.flatMap((line) => programOf(line) ?? []))

export interface EditRequest {
  select: string
  restart: boolean
}

export function setKeys(
  context: Context,
  view: View,
  { select, restart }: EditRequest,
  assignments: readonly Assignment[],
): Draft {
  const findings: Finding[] = []
  const chosen = new Set<string>()
  const touches = selectNics(view, select).map((selected): Touch => {
    const said: string[] = []
    const { container } = selected
    const words = assignments.map(({ key }) => key)
    const lines = eachNic(selected, (all, nic) =>
      editPlugged(all, nic, { container, view, words, findings }, (now, seen) =>
        assign(now, seen, assignments, { context, view, container, findings, said, chosen }),
      ),
    )
    return touch(selected, lines, said)
  })
  return draftOf(
    context,
    view,
    findings.length > 0 ? touches.map((one) => ({ ...one, lines: parse(one.container.text), indexes: [] })) : touches,
    { restart, findings },
  )
}

/** Where keys are set, and what comes of it besides lines. */
export interface Assigning {
  context: Context
  view: View
  container: Container
  findings: Finding[]
  /** What becomes what, in words. */
  said: string[]
  /** Addresses that the same command has chosen already. */
  chosen: Set<string>
}

/** @param all lines of the container's config, in which `nic` stands */
export function assign(all: Line[], nic: Nic, assignments: readonly Assignment[], where: Assigning): Line[] {
  const { context, view, container, findings, said, chosen } = where
  let lines = all
  let type = typeOf(nic)
  const id = { style: nic.style, index: nic.index }
  /** What earlier words of the same command made of a key. */
  const now = new Map<string, string[]>()
  // the type first: it decides which other keys there are
  for (const { key: word, index, operator, values: texts } of [...assignments].sort(
    (a, b) => Number(b.key === 'type') - Number(a.key === 'type'),
  )) {
    if (index !== undefined && index !== nic.index) throw otherNic(`lxc.net.${index}.${word}`, nic)
    const newType = word === 'type' && (nicTypes as readonly string[]).includes(texts[0] ?? '') ? texts[0] : undefined
    if (newType !== undefined) {
      if (newType === type) continue
      lines = retype(lines, id, newType, (name) => fits(name, newType))
      // as LXC will see it: a type below an include wipes what the include said
      const left = view.evaluate(container.path, print(lines)).nics.find((one) => one.index === nic.index)
      const dropped = [...nic.keys.keys()].filter((name) => !left?.keys.has(name))
      const mode =
        newType === 'macvlan'
          ? (['macvlan.mode', 'bridge'] as const)
          : newType === 'ipvlan'
            ? (['ipvlan.mode', 'l2'] as const)
            : undefined
      if (mode !== undefined && !assignments.some((one) => keyOfWord(one.key, newType)?.name === mode[0]))
        lines = setKey(lines, id, mode[0], [mode[1]])
      said.push(`type ${type} becomes ${newType}${dropped.length === 0 ? '' : `, which drops ${dropped.join(', ')}`}`)
      type = newType
      continue
    }
    const key = keyOfWord(word, type)
    if (key === undefined) {
      findings.push(unknownKey(word, type))
      continue
    }
    if (operator !== '=' && !key.list) {
      findings.push({
        severity: 'error',
        code: 'bad-value',
        message: `${key.name} has one value only`,
        fix: `use ${key.name}=VALUE`,
      })
      continue
    }
    const have = now.get(key.name) ?? values(nic, key.name)
    const checked = texts.map((text) =>
      operator === '-=' ? taken(key, have, text) : choose(key, text, view, context.random, chosen),
    )
    const faults = checked.filter((one) => !('value' in one)) as { code: string; message: string; fix: string }[]
    findings.push(...faults.map((one): Finding => ({ severity: 'error', ...one, key: key.name })))
    if (faults.length > 0) continue
    const given = checked.flatMap((one) => ('value' in one ? one.value : []))
    const wanted =
      operator === '='
        ? given
        : operator === '+='
          ? [...have, ...given.filter((one) => !have.includes(one))]
          : have.filter((one) => !given.includes(one))
    if (JSON.stringify(wanted) === JSON.stringify(have)) continue
    now.set(key.name, wanted)
    lines = wanted.length === 0 ? unsetKey(lines, id, key.name) : setKey(lines, id, key.name, wanted)
    const seen = view.evaluate(container.path, print(lines))
    mustSee(container, seen, nic.index, key.name, wanted)
    said.push(`${key.name} ${have.join(', ') || '(not set)'} becomes ${wanted.join(', ') || '(not set)'}`)
  }
  return lines
}

/** The value that `-=` means: as it stands, or its address alone. */
function taken(key: Key, have: readonly string[], text: string): { value: string } | Omit<Finding, 'severity'> {
  const found = have.find((one) => one === text || one.split(' ')[0] === text || one.split(/[/ ]/)[0] === text)
  if (found !== undefined) return { value: found }
  return {
    code: 'bad-value',
    message: `${key.name} has no ${text}`,
    fix: have.length === 0 ? 'it has no value' : `it has ${have.join(', ')}`,
  }
}

function otherNic(written: string, nic: Nic): LxcnetError {
  return new LxcnetError('usage', `${written} is not of NIC ${nic.index}, which was named`, {
    exit: exit.usage,
    suggestions: ['write the key without its prefix, or name the other NIC'],
  })
}

const fits = (name: string, type: string): boolean => {
  const key = keys.find((one) => one.name === name)
  return key === undefined || (key.types as readonly string[]).includes(type)
}

function unknownKey(word: string, type: string): Finding {
  const known = keys.find((key) => key.name === word || key.flag === word)
  if (known !== undefined)
    return {
      severity: 'error',
      code: 'wrong-type-key',
      message: `${known.name} does not belong to a NIC of type ${type}`,
      fix: `it is for ${known.types.join(', ')}`,
    }
  const near = keys
    .filter((key: Key) => key.name.includes(word) || word.includes(key.name.split('.').at(-1) ?? ''))
    .map((key) => key.name)
  return {
    severity: 'error',
    code: 'unknown-key',
    message: `no LXC knows a key "${word}" of a NIC`,
    fix:
      near.length > 0
        ? `did you mean ${near.slice(0, 4).join(', ')}?`
        : `keys: ${keys.map((key) => key.name).join(', ')}`,
  }
}

export function unsetKeys(
  context: Context,
  view: View,
  { select, restart }: EditRequest,
  words: readonly string[],
): Draft {
  const findings: Finding[] = []
  const bare = words.map((word) => word.replace(/^lxc\.net\.\d+\./, ''))
  const touches = selectNics(view, select).map((selected): Touch => {
    const said: string[] = []
    const { container } = selected
    const without = (all: Line[], nic: Nic): Line[] => {
      let now = all
      for (const written of words) {
        const [, index, word = ''] = /^(?:lxc\.net\.(\d{1,10})\.)?(.*)$/s.exec(written) ?? []
        if (index !== undefined && Number(index) !== nic.index) throw otherNic(written, nic)
        const name = keyOfWord(word, typeOf(nic))?.name ?? keys.find((key) => key.flag === word)?.name ?? word
        if (name === 'type') {
          findings.push({
            severity: 'error',
            code: 'type-missing',
            message: 'a NIC needs a type',
            fix: `\`lxcnet delete ${container.name}:${nic.index}\` removes the NIC`,
          })
          continue
        }
        const have = nic.keys.get(name)
        if (have === undefined) {
          if (!keys.some((key) => key.name === name)) findings.push(unknownKey(word, typeOf(nic)))
          continue
        }
        now = unsetKey(now, { style: nic.style, index: nic.index }, name)
        mustSee(container, view.evaluate(container.path, print(now)), nic.index, name, [])
        said.push(`${name} ${have.map((one) => one.value).join(', ')} is removed`)
      }
      return now
    }
    const lines = eachNic(selected, (all, nic) =>
      editPlugged(all, nic, { container, view, words: bare, findings }, without),
    )
    return touch(selected, lines, said)
  })
  return draftOf(
    context,
    view,
    findings.length > 0 ? touches.map((one) => ({ ...one, lines: parse(one.container.text), indexes: [] })) : touches,
    { restart, findings },
  )
}

export function deleteNics(context: Context, view: View, { select, restart }: EditRequest): Draft {
  const touches = selectNics(view, select).map((selected): Touch => {
    const { container, nics } = selected
    const lines = eachNic(selected, (all, nic) => removeNic(all, { style: nic.style, index: nic.index }))
    const left = view.evaluate(container.path, print(lines)).nics
    for (const nic of nics) {
      const still =
        nic.style === 'modern'
          ? left
              .find((one) => one.index === nic.index)
              ?.keys.get('type')
              ?.at(-1)
          : undefined
      if (still === undefined) continue
      throw new LxcnetError(
        'include-wins',
        `${container.name}: NIC ${nic.index} comes from ${still.file}, which lxcnet does not edit`,
        {
          place: { file: still.file, line: still.line },
          suggestions: ['change it there, or take the lxc.include line out'],
        },
      )
    }
    const gone = nics.map((nic) => `${nic.index} (${describe(nic)})`).join(', ')
    return {
      container,
      lines,
      indexes: [],
      why: `${container.name}: removes NIC ${gone}${left.length === 0 ? '; the container is left without a NIC, with the loopback alone' : ''}`,
    }
  })
  return draftOf(context, view, touches, { restart })
}

/** Edits from the last NIC to the first, since legacy NICs are known by their place. */
function eachNic({ container, nics }: Selected, edit: (lines: Line[], nic: Nic) => Line[]): Line[] {
  return nics.toReversed().reduce((lines, nic) => edit(lines, nic), parse(container.text))
}

function touch({ container, nics }: Selected, lines: Line[], said: readonly string[]): Touch {
  const which = nics.map((nic) => nic.index).join(', ')
  const what = said.length === 0 ? 'is already so' : [...new Set(said)].join('; ')
  return { container, lines, indexes: nics.map((nic) => nic.index), why: `${container.name}: NIC ${which}: ${what}` }
}

/** What the shape of a site file has to say, in words for people and with places. */
import * as z from 'zod/mini'
import { closest } from '../core/closest.ts'
import type { Say, Span } from './model.ts'
import { type Mapping, type Node, plain } from './tree.ts'

type Path = readonly PropertyKey[]
type Issue = z.core.$ZodIssue

export function checkStructure(root: Mapping, shape: z.ZodMiniType, say: Say): void {
  const { error } = z.safeParse(shape, plain(root))
  for (const issue of error?.issues ?? []) {
    if (issue.code === 'unrecognized_keys')
      for (const name of issue.keys) unknownKey(root, shape, issue.path, name, say)
    else wrongKind(root, issue, say)
  }
}

function unknownKey(root: Mapping, shape: z.ZodMiniType, path: Path, name: string, say: Say): void {
  const known = keysAt(shape, path)
  const near = closest(name, known)
  const fix = near.length > 0 ? `did you mean ${near.join(', ')}?` : `one of ${known.join(', ')}`
  const whole = [...path, name]
  say.error(keyAt(root, whole) ?? root, 'no-such-key', `${titleOf(whole)}: there is no such key`, fix)
}

function wrongKind(root: Mapping, issue: Issue, say: Say): void {
  const { path, expected } = meant(root, issue)
  const node = nodeAt(root, path)
  const title = titleOf(path)
  const span = spanOf(root, path)
  if (node?.kind === 'nothing' && node.told) return
  if (node === undefined || node.kind === 'nothing' || issue.code === 'too_small') {
    const fix = `write ${expected} behind it, or leave it out`
    say.error(span, 'no-value', `${title}: nothing stands behind it`, fix)
    return
  }
  const message = `${title}: ${kinds[node.kind]} here, where ${expected} should be`
  const fix = typeof path.at(-1) === 'number' ? 'write one value for each item' : examples[expected]
  say.error(span, 'wrong-kind', message, fix)
}

const kinds = { text: 'one value', list: 'a list', mapping: 'keys and values' }

const examples = {
  'one value': 'write it as `key: value`',
  'one value or a list': 'write it as `key: value` or `key: [one, two]`',
  'keys and values': 'write `key: value` lines below it, indented; {} for none',
}

/** A union is one value or a list of such values: where one of the list is wrong, that one is meant. */
function meant(root: Mapping, issue: Issue): { path: Path; expected: keyof typeof examples } {
  if (issue.code === 'invalid_union' || issue.code === 'too_small') {
    const node = nodeAt(root, issue.path)
    const wrong = node?.kind === 'list' ? node.items.findIndex(({ kind }) => kind !== 'text') : -1
    return wrong === -1
      ? { path: issue.path, expected: 'one value or a list' }
      : { path: [...issue.path, wrong], expected: 'one value' }
  }
  const text = issue.code === 'invalid_type' && issue.expected === 'string'
  return { path: issue.path, expected: text ? 'one value' : 'keys and values' }
}

/** The keys that a mapping at `path` can have. */
function keysAt(shape: z.ZodMiniType, path: Path): string[] {
  let here: z.core.$ZodTypes = shape as unknown as z.core.$ZodTypes
  for (const step of path) {
    const { def } = unwrapped(here)._zod
    if (def.type === 'record') here = def.valueType as z.core.$ZodTypes
    else if (def.type === 'object') here = def.shape[String(step)] as z.core.$ZodTypes
  }
  const { def } = unwrapped(here)._zod
  return def.type === 'object' ? Object.keys(def.shape) : []
}

function unwrapped(shape: z.core.$ZodTypes): z.core.$ZodTypes {
  const { def } = shape._zod
  return def.type === 'optional' || def.type === 'nullable' ? unwrapped(def.innerType as z.core.$ZodTypes) : shape
}

/** `containers.web01.nics.0.ipv4, item 2`: as the keys stand in the file. */
function titleOf(path: Path): string {
  const keys = path.filter((step) => typeof step === 'string').join('.')
  return [keys, ...path.filter((step) => typeof step === 'number').map((index) => `item ${index + 1}`)].join(', ')
}

function nodeAt(root: Mapping, path: Path): Node | undefined {
  let here: Node | undefined = root
  for (const step of path) {
    if (here?.kind === 'mapping') here = here.entries.get(String(step))?.value
    else if (here?.kind === 'list') here = here.items[Number(step)]
  }
  return here
}

function keyAt(root: Mapping, path: Path): Span | undefined {
  const parent = nodeAt(root, path.slice(0, -1))
  return parent?.kind === 'mapping' ? parent.entries.get(String(path.at(-1)))?.key : undefined
}

/** The value where it is one word, else the key in front of it. */
function spanOf(root: Mapping, path: Path): Span {
  const node = nodeAt(root, path)
  return (node?.kind === 'text' ? node : (keyAt(root, path) ?? node)) ?? root
}

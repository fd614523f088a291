/** Manual pages from oclif's manifest and the table of error codes: one source, so that pages and help cannot differ. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from '@oclif/core'
import Handlebars from 'handlebars'

export type Codes = Record<string, { summary: string; fix: string }>

type Flag = Command.Flag.Cached

/** @returns lxcnet(1) */
export function renderMan(manifest: Record<string, Command.Cached>, version: string): string {
  const commands = Object.values(manifest)
    .filter(({ hidden }) => !hidden)
    .map((command) => describe(command))
  const flags = Object.assign({}, ...Object.values(manifest).map((command) => command.flags)) as Record<string, Flag>
  const rows = (group: string): object[] =>
    Object.values(flags)
      .filter(({ helpGroup }) => helpGroup === group)
      .sort(byName)
      .map(flagRow)
  return render('lxcnet.1.hbs', { version, commands, globals: rows('GLOBAL'), hosts: rows('HOSTS') })
}

/** @returns lxcnet-errors(7) */
export function renderErrors(codes: Codes, version: string): string {
  const rows = Object.entries(codes).map(([code, row]) => ({ ...row, code }))
  return render('lxcnet-errors.7.hbs', { version, codes: rows.sort((a, b) => (a.code < b.code ? -1 : 1)) })
}

/** What of a JSON schema the manual tells. */
export interface Schema {
  description?: string
  properties?: Record<string, Schema>
  $defs?: Record<string, Schema>
  anyOf?: Schema[]
  enum?: (string | number)[]
}

/** @returns lxcnet.yaml(5), from the schema that editors get, and with the example that a test checks */
export function renderSiteFile(schema: Schema, version: string): string {
  const keysOf = ({ properties = {} }: Schema): object[] =>
    Object.entries(properties).map(([key, value]) => ({ term: key, text: textOfKey(value) }))
  const { $defs = {} } = schema
  const objects = Object.keys($defs).filter((id) => titles[id] === undefined)
  const sections = [...Object.keys(titles), ...objects].map((id) => {
    const section = $defs[id] ?? {}
    return { title: titles[id] ?? `One of ${id}`, description: section.description, keys: keysOf(section) }
  })
  return render('lxcnet.yaml.5.hbs', { version, keys: keysOf(schema), sections, example: linesOf('lxcnet.yaml') })
}

/** @returns lxcnet-fleet(5), with the inventory that a test reads */
export const renderFleet = (version: string): string =>
  render('lxcnet-fleet.5.hbs', { version, example: linesOf('hosts') })

const linesOf = (example: string): string[] =>
  readFileSync(join(import.meta.dirname, example), 'utf8')
    .trimEnd()
    .split('\n')

const titles: Record<string, string> = {
  host: 'A host',
  network: 'A network',
  container: 'A container',
  nic: 'A NIC',
}

/** An empty line of the example would be lost between the lines of the template. */
const emptyLine = '\\&'

function textOfKey(value: Schema): string {
  const words = (value.enum ?? value.anyOf?.flatMap((one) => one.enum ?? []) ?? []).filter(
    (word) => typeof word === 'string',
  )
  const list = value.anyOf?.some((one) => 'items' in one) ? '; one or a list' : ''
  return `${value.description ?? ''}${list}${words.length > 1 ? ` (${words.join(', ')})` : ''}`
}

function describe(command: Command.Cached): object {
  const id = command.id.replaceAll(':', ' ')
  const fill = (text: string): string =>
    text.replace(/<%= *config\.bin *%>/g, 'lxcnet').replace(/<%= *command\.id *%>/g, id)
  const examples = [command.examples ?? []]
    .flat()
    .map((one) =>
      typeof one === 'string'
        ? { description: '', command: fill(one) }
        : { description: fill(one.description), command: fill(one.command) },
    )
  const flags = Object.values(command.flags).filter(
    ({ helpGroup, hidden }) => helpGroup !== 'GLOBAL' && helpGroup !== 'HOSTS' && !hidden,
  )
  const args = Object.values(command.args).filter(({ hidden }) => !hidden)
  return {
    id,
    args: args.map(({ name, required }) => (required ? name.toUpperCase() : `[${name.toUpperCase()}]`)).join(' '),
    summary: fill(command.summary ?? ''),
    description: fill(command.description ?? ''),
    rows: [
      ...args.map((arg) => ({ term: arg.name.toUpperCase(), text: arg.description ?? '' })),
      ...flags.sort(byName).map(flagRow),
    ],
    examples,
  }
}

function flagRow(flag: Flag): object {
  const names = [
    ...(flag.char ? [`-${flag.char}`] : []),
    `--${flag.name}`,
    ...(flag.aliases ?? []).map((alias) => `--${alias}`),
  ]
  const value = flag.type === 'option' ? ` ${flag.helpValue ?? (flag.options?.join('|') || 'VALUE')}` : ''
  return { term: names.join(', ') + value, text: flag.summary ?? flag.description ?? '' }
}

const byName = (a: Flag, b: Flag): number => (a.name < b.name ? -1 : 1)

function render(template: string, data: object): string {
  const handlebars = Handlebars.create()
  handlebars.registerHelper('roff', roff)
  handlebars.registerHelper('quoted', (text: string) => `"${roff(text).replaceAll('"', '\\(dq')}"`)
  handlebars.registerHelper('verbatim', (line: string) => (line === '' ? emptyLine : roff(line)))
  const source = readFileSync(join(import.meta.dirname, template), 'utf8')
  return handlebars
    .compile(source, { noEscape: true, strict: true })(data)
    .replace(/\n{2,}/g, '\n')
}

/** Text that troff prints as it stands: no escapes, ASCII hyphens, no line taken for a request. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('\n\n', '\n.PP\n')
    .replace(/^(?!\.PP$)[.']/gm, '\\&$&')
}

/** The site file on disk, read with what the nic room knows of NICs, and the nouns of what else hosts have. */
import { readFileSync } from 'node:fs'
import { LxcnetError } from '../core/error.ts'
import type { Word } from '../core/word.ts'
import { checkValue, type Key, keyOfWord, keys, type ValueKind } from '../nic/index.ts'
import type { ValidateReport } from '../report/validate.ts'
import { type ParsedSite, parseSite, type SectionTable, type Site, type SiteTable } from '../site/index.ts'
import type { Noun } from './noun/noun.ts'
import { nouns } from './nouns/index.ts'

export const usualSiteFile = 'lxcnet.yaml'

/** The words of a site file's section are those of its noun. */
export const sectionOf = ({ noun, section, summary, name, words, check }: Noun): SectionTable => ({
  noun,
  section,
  summary,
  name,
  words,
  check,
})

/** Flags of `create` as the site room wants them. Where several keys share a flag, the type of the NIC decides. */
export const siteTable: SiteTable = {
  sections: nouns.map(sectionOf),
  words: [...new Set(keys.map(({ flag }) => flag))].map(wordOf),
  check(flag, type, text) {
    const key = flag === 'type' ? keys.find(({ name }) => name === 'type') : keyOfWord(flag, type)
    if (key === undefined || !(key.types as readonly string[]).includes(flag === 'type' ? 'veth' : type)) {
      const types = keys.filter((one) => one.flag === flag).flatMap((one) => one.types)
      const fix = `leave it out, or take another type: ${types.join(', ')}`
      return { code: 'wrong-type-key', message: `${flag}: a NIC of type ${type} has no such key`, fix }
    }
    return checkValue(key, text, undefined)
  },
}

function wordOf(flag: string): Word {
  const sharing = keys.filter((key) => key.flag === flag)
  const values = sharing.map((key) => shapeOf(key.value))
  const choices = values.flatMap((value) => (value.kind === 'choice' ? value.of : []))
  const word = values.find((value) => value.kind === 'number' && value.word !== undefined)
  return {
    flag,
    list: sharing.some(({ list }) => list === true),
    summary: sharing.map((key) => summaryOf(key, sharing)).join('; '),
    value: choices.length > 0 ? { kind: 'choice', of: [...new Set(choices)] } : (word ?? values[0] ?? { kind: 'text' }),
  }
}

function summaryOf({ summary, types }: Key, sharing: readonly Key[]): string {
  return sharing.length === 1 ? summary : `${types.join(', ')}: ${summary}`
}

function shapeOf(value: ValueKind): Word['value'] {
  if (value.kind === 'type') return { kind: 'choice', of: keys.find(({ name }) => name === 'type')?.types ?? [] }
  if (value.kind === 'choice' || value.kind === 'number') return value
  return value.kind === 'flags' ? { kind: 'choice', of: ['up'] } : { kind: 'text' }
}

/**
 * @param allow codes of warnings that are not to be reported
 * @throws {LxcnetError} `no-site-file`
 */
export function validateSite(file: string, allow: ReadonlySet<string>): ValidateReport {
  const { site, problems } = parseFile(file)
  const left = problems.filter(({ severity, code }) => severity === 'error' || !allow.has(code))
  return { schema: 'lxcnet.validate/1', file, site: site === undefined ? null : sizeOf(site), problems: left }
}

function sizeOf({ name, hosts, networks }: Site): ValidateReport['site'] {
  const containers = [...hosts.values()].flatMap((host) => host.containers)
  const nics = containers.reduce((sum, container) => sum + container.nics.size, 0)
  const objects = new Set([...hosts.values()].flatMap((host) => host.objects.map((one) => `${one.noun} ${one.name}`)))
  return {
    name,
    hosts: hosts.size,
    networks: networks.size,
    objects: objects.size,
    containers: containers.length,
    nics,
  }
}

const parseFile = (file: string): ParsedSite => parseSite(readBytes(file), file, siteTable)

/** @throws {LxcnetError} `no-site-file`; the code of the first error when there are errors */
export function readSite(file: string): Site {
  const { site, problems } = parseFile(file)
  if (site !== undefined) return site
  const errors = problems.filter(({ severity }) => severity === 'error')
  const [first] = errors
  if (first === undefined) throw new Error(`${file}: no site and no error`)
  const rest = errors.length === 1 ? [] : [`\`lxcnet validate -f ${file}\` shows all ${errors.length} errors`]
  throw new LxcnetError(first.code, first.message, { place: first.place, suggestions: [first.fix, ...rest] })
}

function readBytes(file: string): string {
  try {
    return readFileSync(Buffer.from(file, 'latin1'), 'latin1')
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    const message = missing ? `there is no site file ${file}` : `${file} cannot be read as a site file`
    throw new LxcnetError('no-site-file', message, {
      ...(missing ? {} : { cause }),
      suggestions: [
        '`lxcnet import` writes one from live hosts',
        '--file names another; `man lxcnet.yaml` has an example',
      ],
    })
  }
}

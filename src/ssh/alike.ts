/**
 * Whether ssh's configuration says the same of every host: then `ssh -G`, which takes 12 ms of CPU, is asked about one of
 * them, and the others are like it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { globPattern, isGlob } from '../core/glob.ts'
import type { Settings } from './ssh-settings.ts'

const depth = 16 // READCONF_MAX_DEPTH in OpenSSH's readconf.c

/** No `Host` but that of all, and no `Match`, in these files and what they include. A file that is not there says nothing. */
export const saysTheSameOfAll = (files: readonly string[]): boolean =>
  files.every((file) => isFileOfAll(file, dirname(file), 0))

/** @param folder from where relative names are included, however deep */
function isFileOfAll(file: string, folder: string, level: number): boolean {
  const text = read(file)
  return text === undefined || text.split('\n').every((line) => isOfAll(line, folder, level))
}

function read(file: string): string | undefined {
  try {
    return readFileSync(Buffer.from(file, 'latin1'), 'latin1')
  } catch {
    return undefined
  }
}

/** strdelim() in OpenSSH's misc.c: a keyword, blanks or one `=`, its words. */
function isOfAll(line: string, folder: string, level: number): boolean {
  const [, keyword = '', rest = ''] = /^\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line) ?? []
  switch (keyword.toLowerCase()) {
    case 'host':
      return rest === '*'
    case 'match':
      return false
    case 'include':
      return (
        level < depth && !/["'~$%\\]/.test(rest) && rest.split(/\s+/).every((word) => included(word, folder, level))
      )
    default:
      return true
  }
}

function included(word: string, folder: string, level: number): boolean {
  const path = isAbsolute(word) ? word : join(folder, word)
  const [parent, name] = [dirname(path), basename(path)]
  if (isGlob(parent)) return false
  if (!isGlob(name)) return isFileOfAll(path, folder, level + 1)
  const pattern = globPattern(name)
  return list(parent).every((one) => !pattern.test(one) || isFileOfAll(join(parent, one), folder, level + 1))
}

function list(folder: string): string[] {
  try {
    return readdirSync(Buffer.from(folder, 'latin1'), { encoding: 'latin1' })
  } catch {
    return []
  }
}

/** The settings of one host as those of another; undefined where they tell more of the first than its name. */
export function asOf(settings: Settings, first: string, host: string): Settings | undefined {
  const isNamed = ([keyword, values]: [string, readonly string[]]): boolean =>
    keyword !== 'hostname' &&
    keyword !== 'host' &&
    values.some((value) => value.toLowerCase().includes(first.toLowerCase()))
  const plain = settings.get('hostname')?.[0] === first.toLowerCase()
  const canonical = !['no', 'false', undefined].includes(settings.get('canonicalizehostname')?.[0])
  if (!plain || canonical || [...settings].some(isNamed)) return undefined
  return new Map(settings).set('hostname', [host.toLowerCase()])
}

/** Texts of templates/, found both from the sources and from the bundle in dist/. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const here = import.meta.dirname
const folder = join(here, here.endsWith('dist') ? '..' : '../..', 'templates')
const texts = new Map<string, string>()

/** @param name file in templates/, such as `host.sh` */
export function templateText(name: string): string {
  const known = texts.get(name)
  if (known !== undefined) return known
  const text = readFileSync(join(folder, name), 'latin1')
  texts.set(name, text)
  return text
}

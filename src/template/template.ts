/** Texts of templates/, found both from the sources and from the bundle. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const folder = join(here, here.endsWith('dist') ? '..' : '../..', 'templates')
const texts = new Map<string, string>()

/** @param name file in templates/, such as `host.sh` */
export function templateText(name: string): string {
  let text = texts.get(name)
  if (text === undefined) texts.set(name, (text = readFileSync(join(folder, name), 'latin1')))
  return text
}

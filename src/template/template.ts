/** Texts of templates/ and hooks/, found both from the sources and from the bundle in dist/. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const here = import.meta.dirname
const project = join(here, here.endsWith('dist') ? '..' : '../..')
const texts = new Map<string, string>()

/** @param name file in templates/, such as `host.sh` */
export const templateText = (name: string): string => textOf(`templates/${name}`)

/** @param name file in hooks/, such as `gateway` */
export const hookText = (name: string): string => textOf(`hooks/${name}`)

function textOf(path: string): string {
  const known = texts.get(path)
  if (known !== undefined) return known
  const text = readFileSync(join(project, path), 'latin1')
  texts.set(path, text)
  return text
}

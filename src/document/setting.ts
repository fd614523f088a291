/**
 * Keys that are not about NICs and may stand on several lines, such as `lxc.hook.start-host`: one line added, or taken
 * out. Every other byte stays.
 */
import { endOf, splice, writeLine } from './layout.ts'
import type { Line, Setting } from './lxc-config.ts'

/** Does LXC see this line? An empty value, or an empty `lxc.hook`, forgets the ones above (confile.c:set_config_hooks()). */
export function hasSetting(lines: readonly Line[], key: string, value: string): boolean {
  const at = lines.findLastIndex((line) => line.kind === 'setting' && line.key === key && line.value === value)
  return at !== -1 && at > lines.findLastIndex((line) => clears(line, key))
}

/** The line behind the others of its key, else at the end. Lines that have it stay as they are. */
export function addSetting(lines: readonly Line[], key: string, value: string): Line[] {
  if (hasSetting(lines, key, value)) return [...lines]
  const last = lines.findLastIndex((line) => (line.kind === 'setting' && line.key === key) || clears(line, key))
  const near = lines.filter((line): line is Setting => line.kind === 'setting')
  const text = writeLine(key, value, [near.filter((line) => line.key === key), near])
  return splice(lines, { insert: new Map([[last === -1 ? endOf(lines) : last + 1, [text]]]) })
}

export const removeSetting = (lines: readonly Line[], key: string, value: string): Line[] =>
  lines.filter((line) => line.kind !== 'setting' || line.key !== key || line.value !== value)

const clears = (line: Line, key: string): boolean =>
  line.kind === 'setting' && line.value === '' && (line.key === key || line.key === 'lxc.hook')

/** The link of the NIC that new containers get: lxc.net.0.link of /etc/lxc/default.conf. */
import { type Line, parse, print, type Setting } from '../document/lxc-config.ts'

const settingOf = (lines: readonly Line[], key: string): Setting | undefined =>
  lines.findLast((line): line is Setting => line.kind === 'setting' && line.key === key)

export const defaultLink = (text: string | undefined): string | undefined =>
  settingOf(parse(text ?? ''), 'lxc.net.0.link')?.value || undefined

export function withDefaultLink(text: string | undefined, link: string): string {
  const lines = parse(text ?? '')
  const wanted: [string, string][] = [
    ['lxc.net.0.type', 'veth'],
    ['lxc.net.0.link', link],
    ['lxc.net.0.flags', 'up'],
  ]
  let place = lines.findLastIndex((line) => line.kind === 'setting' && line.key.startsWith('lxc.net.0.')) + 1
  if (place === 0) place = lines.length
  const last = lines[place - 1]
  if (last !== undefined && !last.raw.endsWith('\n')) lines[place - 1] = { ...last, raw: `${last.raw}\n` }
  for (const [key, value] of wanted) {
    const line = settingOf(lines, key)
    if (line !== undefined) lines[lines.indexOf(line)] = valued(line, value)
    else lines.splice(place++, 0, ...parse(`${key} = ${value}\n`))
  }
  return print(lines)
}

const valued = (line: Setting, value: string): Line => ({
  kind: 'foreign',
  raw: line.raw.slice(0, line.at) + value + line.raw.slice(line.at + line.written.length),
})

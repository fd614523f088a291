/**
 * The boot room: what lxcnet brings back when the host boots.
 *
 * Whatever does not outlive a boot by itself is a piece: one file in /etc/lxcnet/net.d, a plain sh script that holds its
 * settings as assignments in front and is called with one word:
 *
 *   up      makes everything that is missing, and changes nothing else: it may be called at any time
 *   down    takes all of it away, what is gone already too
 *   check   succeeds while everything is there
 *
 * /etc/lxcnet/boot calls them all in the order of their names; the host's own init calls that. The first piece brings
 * both files, the last one takes them along.
 */
import type { Probe } from '../core/probe.ts'

export const pieceFolder = '/etc/lxcnet/net.d'
export const runnerPath = '/etc/lxcnet/boot'

/** @param piece such as `30-nat-blue`: a number for the order, the noun, the object */
export const piecePath = (piece: string): string => `${pieceFolder}/${piece}`

export const bootProbe: Probe = {
  fragment: 'boot.sh',
  setup: [],
  frames: ['boot_init'],
  live: [],
  paths: ['boot_paths'],
}

/** What starts the services of the host; `none` where lxcnet knows no way to be started at boot. */
export type Init = 'systemd' | 'openrc' | 'sysv' | 'none'

interface Answers {
  files: ReadonlyMap<string, { text: string }>
  answers: ReadonlyMap<string, { text: string }>
}

export const readInit = ({ answers }: Answers): Init => (answers.get('init')?.text as Init | undefined) ?? 'none'

/** Pieces that the host has, by name. */
export function readPieces({ files }: Answers): Map<string, string> {
  const pieces = [...files].filter(([path]) => path.startsWith(`${pieceFolder}/`))
  return new Map(pieces.map(([path, { text }]) => [path.slice(pieceFolder.length + 1), text]).sort() as [])
}

/**
 * @param title `nat blue`
 * @param command how a person changes it: `lxcnet nat set blue`
 * @param settings name of a shell variable → its value
 * @param body template of all pieces of the noun
 */
export function pieceText(title: string, command: string, settings: ReadonlyMap<string, string>, body: string): string {
  const lines = [...settings].map(([name, value]) => `${name}=${quoted(value)}`)
  return `#!/bin/sh
# ${title}, brought back at boot. Written by lxcnet; an edit by hand is lost: use ${command}.
${lines.join('\n')}

${body}`
}

/** In quotes always, so that one line tells from another what is a setting. */
const quoted = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`

/** The settings of a piece: the assignments in front, up to the first empty line. */
export function pieceSettings(text: string): Map<string, string> {
  const settings = new Map<string, string>()
  for (const line of text.split('\n\n', 1)[0]?.split('\n') ?? []) {
    const [, name, value] = /^([a-z][a-z0-9_]*)='(.*)'$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) settings.set(name, value.replaceAll("'\\''", "'"))
  }
  return settings
}

/** The file that has the host's init call the runner, and the commands that make it do so, and no more. */
export interface Starter {
  path: string
  /** File in templates/boot. */
  template: string
  mode: number
  enable: string[]
  disable: string[]
}

export const starters: Record<Exclude<Init, 'none'>, Starter> = {
  systemd: {
    path: '/etc/systemd/system/lxcnet.service',
    template: 'lxcnet.service',
    mode: 0o644,
    enable: ['systemctl', 'enable', '--now', 'lxcnet.service'],
    disable: ['systemctl', 'disable', '--now', 'lxcnet.service'],
  },
  openrc: {
    path: '/etc/init.d/lxcnet',
    template: 'openrc.sh',
    mode: 0o755,
    enable: ['rc-update', 'add', 'lxcnet', 'default'],
    disable: ['rc-update', 'del', 'lxcnet', 'default'],
  },
  sysv: {
    path: '/etc/init.d/lxcnet',
    template: 'sysv.sh',
    mode: 0o755,
    enable: ['update-rc.d', 'lxcnet', 'defaults'],
    disable: ['update-rc.d', '-f', 'lxcnet', 'remove'],
  },
}

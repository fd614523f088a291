/** What ssh(1) makes of its configuration for a host. */
import { LxcnetError } from '../core/error.ts'
import type { Target } from '../core/target.ts'
import { type Answer, runProgram } from './program.ts'
import { localUser } from './ssh-paths.ts'
import { asArgument, sshWords } from './ssh-words.ts'

/** Keyword in lower case → its values, as `ssh -G` prints them. */
export type Settings = ReadonlyMap<string, readonly string[]>

/** Answers that were asked for before it was known whether they are needed. */
const foreseen = new Map<string, Promise<Answer | undefined>>()

/** Has ssh look a host up while what needs the answer is still being loaded, which takes as long. */
export function foresee(target: Target): void {
  const words = [...sshWords(target), '--', target.address ?? target.name]
  foreseen.set(JSON.stringify(words), run(target, words))
}

const run = (target: Target, words: readonly string[]): Promise<Answer | undefined> =>
  runProgram(
    'ssh',
    ['-G', '-T', ...words].map((word) => asArgument(target.name, word)),
  )

/** @returns undefined where there is no ssh program */
export async function askSsh(target: Target, words: readonly string[]): Promise<Settings | undefined> {
  const answer = await (foreseen.get(JSON.stringify(words)) ?? run(target, words))
  if (answer === undefined) return undefined
  if (answer.status !== 0) {
    const reason = answer.stderr.trim().split(/\s*\n/).join('; ') || `ssh -G ended with ${answer.status}`
    throw new LxcnetError('ssh-config', `${target.name}: ssh refuses its settings: ${reason}`, {
      suggestions: [`correct ~/.ssh/config; see \`ssh -G ${words.at(-1)}\``],
    })
  }
  const settings = new Map<string, string[]>()
  for (const line of answer.stdout.split('\n')) {
    const [, keyword = '', value = ''] = /^(\S+) (.*)$/.exec(line) ?? []
    if (keyword === '') continue
    const values = settings.get(keyword.toLowerCase())
    if (values === undefined) settings.set(keyword.toLowerCase(), [value])
    else values.push(value)
  }
  return settings
}

/** What ssh would take without any configuration; ssh_config(5). */
export function sshDefaults(target: Target): Settings {
  if ((target.sshArgs ?? []).length > 0) {
    throw new LxcnetError('ssh-unsupported', `${target.name}: "${target.sshArgs?.join(' ')}" needs an ssh program`, {
      suggestions: ['install OpenSSH, or say it with the keys of the inventory'],
    })
  }
  const files =
    target.identityFile === undefined ? ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((id) => `~/.ssh/${id}`) : []
  return new Map<string, string[]>([
    ['hostname', [(target.address ?? target.name).toLowerCase()]],
    ['user', [target.user ?? localUser().name]],
    ['port', [`${target.port ?? 22}`]],
    ['identityfile', files],
    ['userknownhostsfile', ['~/.ssh/known_hosts']],
    ['globalknownhostsfile', ['/etc/ssh/ssh_known_hosts']],
    ...(target.jump === undefined ? [] : [['proxyjump', [target.jump]] satisfies [string, string[]]]),
  ])
}

/** `ssh -G` prints some switches as yes and no, others as true and false. */
export function isOn(settings: Settings, keyword: string): boolean {
  return ['yes', 'true'].includes(settings.get(keyword)?.[0] ?? '')
}

export const noneIsUndefined = (value: string | undefined): string | undefined =>
  value?.toLowerCase() === 'none' ? undefined : value

/**
 * The usernet room: how many veth NICs a plain user may plug into which bridge.
 *
 * Grammar of /etc/lxc/lxc-usernet and of the state in /run/lxc/nics: lxc-usernet(5) and lxc_user_nic.c,
 * get_alloted() and count_entries(). A line with a leading blank is ignored; NICs on all bridges count against each line.
 * The state is readable for root alone; what a plain user can see are the links, which lxc-user-nic names vethUID_XXXX.
 */
import type { Probe } from '../core/probe.ts'

const quotaFile = '/etc/lxc/lxc-usernet'
const stateFile = '/run/lxc/nics'

export const usernetProbe: Probe = {
  fragment: 'nic.sh',
  setup: [],
  frames: [],
  live: ['lx_run user id -un', 'lx_run uid id -u', 'lx_run groups id -Gn'],
  paths: [`lx_path ${quotaFile} ${stateFile}`],
}

export interface Usernet {
  user: string
  /** Lines that hold for this user, in file order. */
  quotas: { bridge: string; count: number }[]
  /** veth NICs that the user has now, on any bridge. */
  used: number
}

interface Answers {
  files: ReadonlyMap<string, { text: string }>
  answers: ReadonlyMap<string, { text: string }>
}

export function readUsernet({ files, answers }: Answers): Usernet {
  const user = answers.get('user')?.text.trim() ?? ''
  const groups = new Set(answers.get('groups')?.text.trim().split(' '))
  const quotas = lines(files.get(quotaFile)?.text).flatMap((line) => {
    const [who = '', type, bridge = '', count = ''] = line.split(/[ \t]+/)
    const mine = who === user || (who.startsWith('@') && groups.has(who.slice(1)))
    return mine && type === 'veth' && /^\d+$/.test(count) ? [{ bridge, count: Number(count) }] : []
  })
  const noted = lines(files.get(stateFile)?.text).filter((line) => line.split(' ')[0] === user).length
  const named = answers.get('links')?.text.split(`"ifname":"veth${answers.get('uid')?.text.trim()}_`).length ?? 1
  return { user, quotas, used: Math.max(noted, named - 1) }
}

const lines = (text = ''): string[] => text.split('\n').filter((line) => line !== '' && !/^[ \t]/.test(line))

/**
 * The line that is missing for one more veth on the bridge; undefined when there is room.
 *
 * @param bridge `none` for a veth without link
 */
export function missingQuota({ user, quotas, used }: Usernet, bridge: string): string | undefined {
  const fitting = quotas.filter((quota) => quota.bridge === bridge)
  if (fitting.some((quota) => quota.count > used)) return undefined
  return `${user} veth ${bridge} ${Math.max(10, used + 1)}`
}

/** Who else has a say: programs that listen, firewalls that drop, rules that lead ports elsewhere. */
import { formatAddress } from '../core/address.ts'
import type { Entrance } from './name.ts'

interface Answers {
  answers: ReadonlyMap<string, { status: number; text: string }>
  files: ReadonlyMap<string, { text: string }>
}

export interface Listener {
  protocol: 'tcp' | 'udp'
  port: number
  /** undefined for all addresses of the host. */
  address: string | undefined
}

/** From /proc/net/{tcp,tcp6,udp,udp6}, proc(5): `N: 0100007F:0050 00000000:0000 0A …`. */
export function readListeners({ answers }: Answers): Listener[] {
  return (['tcp', 'udp'] as const).flatMap((protocol) =>
    (answers.get(`firewall-${protocol}`)?.text.split('\n') ?? []).flatMap((line) => {
      const [, address = '', port = ''] = /^\s*\d+: ([\dA-F]+):([\dA-F]{4}) /.exec(line) ?? []
      return port === '' ? [] : [{ protocol, port: Number.parseInt(port, 16), address: ofHex(address) }]
    }),
  )
}

/** Words of four bytes in the byte order of the machine, as in src/path/read.ts. @returns undefined for all addresses */
function ofHex(hex: string): string | undefined {
  if (/^0+$/.test(hex)) return undefined
  const bytes = hex.replace(/(..)(..)(..)(..)/g, '$4$3$2$1').replace(/^0{20}FFFF/, '')
  return formatAddress(BigInt(`0x${bytes}`), bytes.length === 8 ? 4 : 6)
}

export const listensOn = ({ protocol, first, last, listen }: Entrance, listener: Listener): boolean =>
  listener.protocol === protocol &&
  listener.port >= first &&
  listener.port <= last &&
  (listen === undefined || listener.address === undefined || listener.address === listen)

/**
 * Does a forward take the port by which the host is administered? Whoever is logged in stays so, but nobody comes in any
 * more.
 *
 * @param six it leads what comes over IPv6
 */
export function isWayIn({ answers }: Answers, entrance: Entrance, six: boolean): boolean {
  const ways = answers.get('firewall-ssh')?.text.split('\n') ?? []
  return ways.some((way) => {
    const [port = '', said] = way.split(' ')
    const address = said?.replace(/^::ffff:(?=[\d.]+$)/, '')
    if (address !== undefined && address.includes(':') !== six) return false
    return listensOn(entrance, { protocol: 'tcp', port: Number(port), address })
  })
}

/** Lacks the host conntrack(8), by which the kernel is told to forget what it led somewhere? Never where nobody could ask. */
export const lacksConntrack = ({ answers }: Answers): boolean => (answers.get('firewall-conntrack')?.status ?? 0) !== 0

/** Rules of others that lead a port of the host elsewhere, as nft or iptables prints them: one port, several, or a map. */
export function readRivals({ answers }: Answers, { protocol, first, last }: Entrance): string[] {
  const lines = ['firewall-dnat', 'firewall-iptables'].flatMap((id) => answers.get(id)?.text.split('\n') ?? [])
  return lines.filter((line) => {
    const [, of, ports = ''] =
      /\b(tcp|udp) dport (?:map )?(\{[^}]*|\S+)/.exec(line) ?? /-p (tcp|udp) .*--dports? (\S+)/.exec(line) ?? []
    return (
      of === protocol &&
      ports.split(',').some((part) => {
        const [, from = '', to = from] = /^[{\s]*(\d+)(?:[-:](\d+))?/.exec(part) ?? []
        return from !== '' && Number(from) <= last && Number(to) >= first
      })
    )
  })
}

/** Who drops what is forwarded: `docker`, `ufw`, or the chain that does. */
export function readDroppers({ answers, files }: Answers): string[] {
  const chains = answers.get('firewall-chains')?.text ?? ''
  const tables = [...chains.matchAll(/^table (\S+ \S+) \{\n([\s\S]*?)^\}/gm)]
  const dropping = tables.flatMap(([, table = '', body = '']) =>
    [...body.matchAll(/chain (\S+) \{\s*type filter hook forward [^}]*policy drop/g)].map(([, chain = '']) => ({
      table,
      chain,
    })),
  )
  const saved = answers.get('firewall-iptables')?.text ?? ''
  const docker = /chain DOCKER-USER /.test(chains) || /^:DOCKER-USER /m.test(saved)
  const ufw = /^\s*ENABLED\s*=\s*["']?yes/im.test(files.get('/etc/ufw/ufw.conf')?.text ?? '')
  const others = dropping.filter(({ table, chain }) => !(/^ip6? filter$/.test(table) && chain === 'FORWARD'))
  const iptables = /^:FORWARD DROP /m.test(saved) || dropping.length > others.length
  return [
    ...(iptables && docker ? ['docker'] : []),
    ...(iptables && ufw ? ['ufw'] : []),
    ...(iptables && !docker && !ufw ? ['the chain FORWARD of iptables'] : []),
    ...others.map(({ table, chain }) => `the chain ${chain} of the table ${table}`),
  ]
}

/** Is there a table by our name that lxcnet did not write? */
export function hasForeignTable({ answers }: Answers): boolean {
  const [, body] = /^table inet lxcnet \{\n([\s\S]*?)^\}/m.exec(answers.get('firewall-chains')?.text ?? '') ?? []
  return body !== undefined && !body.includes('chain written-by-lxcnet ')
}

/** Has the host nothing that could make rules? */
export const hasNoTool = ({ answers }: Answers): boolean => answers.get('firewall-tools')?.text === ''

/** Do the rules stand as they are to? undefined where there are none, or nobody could ask. */
export const rulesStand = ({ answers }: Answers): boolean | undefined => {
  const said = answers.get('firewall-check')
  return said === undefined ? undefined : said.status === 0
}

/** Does the kernel show what a bridge forwards to iptables and nft (sysctl bridge-nf-call-iptables)? */
export const natOnBridges = ({ answers }: Pick<Answers, 'answers'>): boolean =>
  answers.get('firewall-bridged')?.text.trim() === '1'

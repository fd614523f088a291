/**
 * From what templates/path.sh asked to the links that the administrator's traffic takes.
 *
 * A link that carries such traffic stands on others: the ports of a bridge, the slaves of a bond, the parent of a VLAN.
 * Too many links cost a confirmation that was not needed; one too few may cost the host.
 */

/** The way to a host. */
export interface Path {
  /** Whether it is known by which address the host is administered; `links` is a guess otherwise. */
  known: boolean
  links: Set<string>
}

/** The part of a snapshot that this room reads. */
export interface Answers {
  answers: ReadonlyMap<string, { status: number; text: string }>
}

/** A link as `ip -j -d address show` prints it. */
interface Link {
  ifname: string
  flags?: string[]
  /** Parent of a VLAN or macvlan; the other end of a veth, when it is in the same namespace. */
  link?: string
  master?: string
  linkinfo?: { info_kind?: string; info_data?: { link?: string } }
  addr_info?: { local?: string }[]
}

/** Links whose packets leave over whatever link the routes name. */
const tunnels = new Set([
  'vxlan',
  'geneve',
  'gre',
  'gretap',
  'ip6gre',
  'ip6gretap',
  'ipip',
  'ip6tnl',
  'sit',
  'vti',
  'vti6',
  'tun',
  'wireguard',
  'xfrm',
  'l2tp',
])

export function readPath({ answers }: Answers): Path {
  const read = <T>(id: string): T[] => list<T>(answers.get(id)?.text)
  const links = new Map(read<Link>('path-links').map((link) => [link.ifname, link]))
  const routes = ['path-routes', 'path-routes6'].flatMap((id) => read<{ dev?: string }>(id)).map(({ dev }) => dev)
  const connection = answers.get('connection')?.text.split(' ')[2]
  const addresses =
    connection === undefined
      ? [...sessions(answers.get('path-sessions')?.text), ...sockets(answers.get('path-sockets')?.text)]
      : [connection]
  const carriers = addresses.flatMap((address) => carrierOf(address, links))
  const known = carriers.length > 0
  const start = [...carriers, ...read<{ dev?: string }>('path-reply').map(({ dev }) => dev)]
  if (connection === undefined || !known) start.push(...routes)
  return { known, links: below(start, links, routes) }
}

function list<T>(text: string | undefined): T[] {
  try {
    return (JSON.parse(text || '[]') as T[]).filter((one) => typeof one === 'object' && one !== null)
  } catch {
    return []
  }
}

/** Who comes by the loopback link comes through a tunnel, of which nothing is known. */
function carrierOf(address: string, links: ReadonlyMap<string, Link>): string[] {
  const [bare = '', zone] = address.replace(/^::ffff:(?=[\d.]+$)/i, '').split('%')
  return [...links.values()]
    .filter(({ flags }) => !flags?.includes('LOOPBACK'))
    .filter(({ ifname, addr_info = [] }) =>
      zone === undefined ? addr_info.some(({ local }) => local === bare) : ifname === zone,
    )
    .map(({ ifname }) => ifname)
}

/** The links themselves and all that they stand on. */
function below(
  start: readonly (string | undefined)[],
  links: ReadonlyMap<string, Link>,
  routes: readonly (string | undefined)[],
): Set<string> {
  const found = new Set<string>()
  const todo = [...start]
  while (todo.length > 0) {
    const name = todo.pop()
    const link = name === undefined ? undefined : links.get(name)
    if (link === undefined || found.has(link.ifname) || link.flags?.includes('LOOPBACK')) continue
    found.add(link.ifname)
    const kind = link.linkinfo?.info_kind ?? ''
    todo.push(link.link, link.linkinfo?.info_data?.link, ...(tunnels.has(kind) ? routes : []))
    for (const port of links.values()) {
      // those of containers too: where the host is a container itself, its uplink looks just like them;
      // and all ports of Open vSwitch have one master in the kernel
      if (port.master === link.ifname || (kind === 'openvswitch' && port.master === 'ovs-system'))
        todo.push(port.ifname)
    }
  }
  return found
}

/** Local addresses of sshd's sessions in `ss -Htnp state established`: `0 0 198.18.0.11:22 198.18.0.1:40022 users:(("sshd",…))`. */
function sessions(text = ''): string[] {
  return text.split('\n').flatMap((line) => {
    const [, , local = ''] = line.trim().split(/\s+/)
    if (!/\(\("(sshd|sshd-session|dropbear)",/.test(line)) return []
    return local.replace(/:\d+$/, '').replace(/^\[(.*)\](%.*)?$/, '$1$2')
  })
}

/** The same in the table of the kernel, where port 22 has to stand for sshd: proc(5), /proc/net/tcp. */
function sockets(text = ''): string[] {
  return text.split('\n').flatMap((line) => {
    const [, hex = ''] = /^\s*\d+: ([\dA-F]{8}|[\dA-F]{32}):0016 \S+ 01 /.exec(line) ?? []
    // words of 32 bits, each in the byte order of the machine: little endian on all that run containers
    const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => word.match(/../g)?.reverse() ?? [])
    if (bytes.length === 0) return []
    const mapped = bytes.length === 16 && /^0{20}F{4}$/.test(bytes.slice(0, 12).join(''))
    if (bytes.length === 4 || mapped)
      return bytes
        .slice(-4)
        .map((byte) => Number.parseInt(byte, 16))
        .join('.')
    return compressed(bytes)
  })
}

/** As the kernel and inet_ntop(3) write it: URL parsing does the same. */
function compressed(bytes: readonly string[]): string {
  const groups = bytes.flatMap((byte, at) => (at % 2 === 0 ? `${byte}${bytes[at + 1]}` : []))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

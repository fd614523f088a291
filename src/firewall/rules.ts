/**
 * All rules that lxcnet has on a host, and the lines of /etc/lxcnet/net.d/50-firewall that say them: one a line, each a
 * call of a function of templates/boot/firewall.sh, so that it can be read here, by a person and by the shell.
 *
 *   network blue bridge=lxcbr1 masquerade=on isolated=no services=yes subnet=10.1.0.0/24
 *   hairpin 10.0.3.0/24 bridge=lxcbr0
 *   forward 443/tcp to=web:443 container=/var/lib/lxc/web address=10.0.3.5 source=198.51.100.0/24
 *   forward 8053/udp to=names:53 container=/var/lib/lxc/names port=53
 *
 * `parseRules(printRules(rules))` gives the same rules again, and a further forward is one further line.
 */
import { quote } from '../core/shell.ts'

/** What the rules are to do for a network of the host. */
export interface NetworkRules {
  bridge: string
  subnets: readonly string[]
  /** Or the address that stands for the network outside: SNAT. */
  masquerade: 'on' | 'off' | string
  /** No new connection in but by forwards, and none out but by a link with a default route. */
  isolated: boolean
  /** DHCP and DNS of the host are open on the bridge. */
  services: boolean
  /** Firewalls of the host that drop what is forwarded and whose own door is used, as `through` of a forward. */
  through?: readonly string[]
}

/** A port of the host that leads to a container or another address. */
export interface Forward {
  /** `web:443`, `10.0.3.5:443`, `web`: as the operator said it. */
  to: string
  /** LXCPATH/NAME of the container that it leads to; undefined for an address that was named. */
  container: string | undefined
  /** Where it leads; undefined when the container is asked for its address each time the rules are brought up. */
  address: string | undefined
  /** The first port there, when it is another one than here. */
  port: number | undefined
  /** Subnets that it is open to; all when empty. */
  sources: readonly string[]
  through: readonly string[]
}

export interface Rules {
  networks: ReadonlyMap<string, NetworkRules>
  /** By name, see name.ts. */
  forwards: ReadonlyMap<string, Forward>
  /** Subnet → the bridge that it is on, '' for a link with a default route: where clients and targets are neighbours. */
  hairpins: ReadonlyMap<string, string>
}

export const noRules: Rules = { networks: new Map(), forwards: new Map(), hairpins: new Map() }

/** The lines as the two functions of the piece that hold them, sorted so that the same rules are the same bytes. */
export function printRules({ networks, forwards, hairpins }: Rules): string {
  return [
    'networks() { :',
    // before what leaves, or it would count as such
    ...sorted(hairpins).map(([subnet, bridge]) => `  hairpin ${subnet}${bridge === '' ? '' : ` bridge=${bridge}`}`),
    ...sorted(networks).map(([name, rules]) => `  ${networkLine(name, rules)}`),
    '}',
    'forwards() { :',
    ...sorted(forwards).map(([name, forward]) => `  ${forwardLine(name, forward)}`),
    '}',
    '',
  ].join('\n')
}

/** Are networks and forwards the same? Nearly all of a thousand are the very objects that were read. */
export function saySame(some: Pick<Rules, 'networks' | 'forwards'>, others: typeof some): boolean {
  return haveSame(some.networks, others.networks, networkLine) && haveSame(some.forwards, others.forwards, forwardLine)
}

function haveSame<T>(
  some: ReadonlyMap<string, T>,
  others: ReadonlyMap<string, T>,
  line: (name: string, one: T) => string,
) {
  const isSame = ([name, one]: [string, T]): boolean => {
    const other = others.get(name)
    return other === one || (other !== undefined && line(name, other) === line(name, one))
  }
  return some.size === others.size && [...some].every(isSame)
}

function networkLine(name: string, rules: NetworkRules): string {
  const { bridge, masquerade, isolated, services, subnets, through = [] } = rules
  const flags = [`masquerade=${masquerade}`, `isolated=${yes(isolated)}`, `services=${yes(services)}`]
  return [
    'network',
    name,
    `bridge=${bridge}`,
    ...flags,
    ...words('subnet', subnets),
    ...words('through', through),
  ].join(' ')
}

function forwardLine(name: string, { to, container, address, port, sources, through }: Forward): string {
  const target = [
    ...words('container', some(container).map(quote)),
    ...words('address', some(address)),
    ...words('port', some(port?.toString())),
  ]
  return ['forward', name, `to=${to}`, ...target, ...words('source', sources), ...words('through', through)].join(' ')
}

/** @param text of the whole piece; lines that are no rules are passed over */
export function parseRules(text: string): Rules {
  const networks = new Map<string, NetworkRules>()
  const forwards = new Map<string, Forward>()
  const hairpins = new Map<string, string>()
  for (const [, kind, name = '', rest = ''] of text.matchAll(/^ {2}(network|hairpin|forward) (\S+)(.*)$/gm)) {
    const said = new Map<string, string[]>()
    for (const [, key = '', value = ''] of rest.matchAll(/ (\w+)=((?:[^\s'\\]|'[^']*'|\\.)*)/g))
      said.set(key, [...(said.get(key) ?? []), unquoted(value)])
    const all = (key: string): string[] => said.get(key) ?? []
    const one = (key: string): string | undefined => all(key)[0]
    if (kind === 'hairpin') hairpins.set(name, one('bridge') ?? '')
    else if (kind === 'forward')
      forwards.set(name, {
        to: one('to') ?? '',
        container: one('container'),
        address: one('address'),
        port: one('port') === undefined ? undefined : Number(one('port')),
        sources: all('source'),
        through: all('through'),
      })
    else
      networks.set(name, {
        bridge: one('bridge') ?? '',
        subnets: all('subnet'),
        masquerade: one('masquerade') ?? 'off',
        isolated: one('isolated') === 'yes',
        services: one('services') === 'yes',
        ...(all('through').length === 0 ? {} : { through: all('through') }),
      })
  }
  return { networks, forwards, hairpins }
}

const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
  [...map].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
const words = (key: string, texts: readonly string[]): string[] => texts.map((text) => `${key}=${text}`)
const some = (text: string | undefined): string[] => (text === undefined ? [] : [text])
const unquoted = (word: string): string => word.replace(/'([^']*)'|\\(.)/g, '$1$2')
const yes = (flag: boolean): string => (flag ? 'yes' : 'no')

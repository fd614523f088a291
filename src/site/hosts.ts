/** `hosts:` the LXC hosts of the site, and how to log in where the inventory and ~/.ssh/config do not say it. */
import * as z from 'zod/mini'
import type { Target } from '../core/target.ts'
import type { Say, SiteHost } from './model.ts'
import { matching, named, number } from './shape.ts'
import { type Entry, entriesOf, type Mapping, textOf } from './tree.ts'

/** No dash in front, which ssh(1) would take for an option. */
export const hostName = /^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/
const word = /^[^\s-]\S*$/
const absolute = /^\/./

export const hostsShape = z
  .record(
    named(hostName),
    z.nullable(
      z
        .strictObject({
          address: z.optional(
            matching(word, { description: '[USER@]ADDRESS[:PORT], what ssh connects to; the name by default' }),
          ),
          user: z.optional(matching(word, { description: 'login name' })),
          port: z.optional(number(1, 65535, { description: 'port of sshd' })),
          jump: z.optional(matching(word, { description: "ssh's ProxyJump: [USER@]HOST[:PORT], several with commas" })),
          lxcpath: z.optional(matching(absolute, { description: 'where the containers are kept' })),
        })
        .check(z.meta({ id: 'host', description: 'how to reach the host; {} when its name says it' })),
    ),
  )
  .check(z.meta({ description: 'the LXC hosts, by their names in the inventory or in ~/.ssh/config' }))

export function readHosts(site: Mapping, say: Say): Map<string, SiteHost> {
  const hosts = new Map<string, SiteHost>()
  for (const [name, { key, value }] of entriesOf(site.entries.get('hosts')?.value)) {
    if (!hostName.test(name)) {
      const fix = 'letters, digits, ".", "_", "-" and ":", no "-" in front'
      say.error(key, 'bad-host-name', `"${name}" is not the name of a host`, fix)
    }
    hosts.set(name, {
      target: { name, ...readLogin(name, entriesOf(value), say) },
      span: key,
      containers: [],
      objects: [],
    })
  }
  return hosts
}

type Login = Omit<Target, 'name'>

function readLogin(name: string, entries: ReadonlyMap<string, Entry>, say: Say): Login {
  const login: Login = {}
  const take = (key: string, parse: (text: string) => Login | undefined, what: string, fix: string): void => {
    const said = textOf(entries.get(key))
    if (said === undefined) return
    const parsed = parse(said.text)
    if (parsed === undefined) say.error(said, 'bad-login', `host ${name}: ${key}: "${said.text}" is not ${what}`, fix)
    else if (Object.entries(parsed).some(([part, value]) => (login[part as keyof Login] ?? value) !== value))
      say.error(
        said,
        'bad-login',
        `host ${name}: ${key}: "${said.text}" is not the ${key} in address`,
        'keep one of them',
      )
    else Object.assign(login, parsed)
  }
  const example = 'root@203.0.113.5:2222 or root@[2001:db8::5]:2222'
  take('address', parseAddress, 'an address to log in to', `for instance ${example}`)
  take('user', (user) => (word.test(user) ? { user } : undefined), 'a login name', 'user: root')
  take('port', parsePort, 'a port of 1 to 65535', 'port: 22')
  take('jump', (jump) => (word.test(jump) ? { jump } : undefined), 'a host to jump over', 'jump: root@192.0.2.1')
  const parsePath = (lxcpath: string) => (absolute.test(lxcpath) ? { lxcpath } : undefined)
  take('lxcpath', parsePath, 'an absolute path', 'lxcpath: /var/lib/lxc')
  return login
}

/** `[user@]host[:port]`; an IPv6 address stands in brackets where a port follows. */
function parseAddress(text: string): Login | undefined {
  const [, user, bracketed, bare, plain, digits] =
    /^(?:([^\s-]\S*)@)?(?:(?:\[([\da-f:.]+)\]|([\da-f]*:[\da-f]*:[\da-f:.]*)|([^\s@:[\]-][^\s@:[\]]*))(?::(\d+))?)$/i.exec(
      text,
    ) ?? []
  const address = bracketed ?? bare ?? plain
  const port = digits === undefined ? {} : parsePort(digits)
  if (address === undefined || port === undefined) return undefined
  return { address, ...port, ...(user === undefined ? {} : { user }) }
}

function parsePort(text: string): Login | undefined {
  const port = Number(text)
  return /^[1-9]\d{0,4}$/.test(text) && port <= 65535 ? { port } : undefined
}

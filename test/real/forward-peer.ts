/**
 * A server and a client of TCP and UDP, run on hosts of the lab in the network of the host or of a container.
 *
 *   node forward-peer.ts serve NAME tcp/80 udp/53 …   answers everybody with its name and the address that it sees
 *   node forward-peer.ts ask tcp ADDRESS PORT         prints the answer; fails without one
 */
import dgram from 'node:dgram'
import net from 'node:net'
import { pathToFileURL } from 'node:url'
import type { LabHost } from './lab/lab.ts'

const answerMs = 4000

async function main([verb, ...words]: string[]): Promise<void> {
  if (verb === 'serve') serve(words[0] ?? '', words.slice(1))
  else process.stdout.write(await ask(words[0] ?? '', words[1] ?? '', Number(words[2])))
}

function serve(name: string, ports: readonly string[]): void {
  const answer = (address = '', port: string) => `${name} ${port} ${address.replace('::ffff:', '')}`
  for (const text of ports) {
    const [protocol, port = ''] = text.split('/')
    if (protocol === 'tcp') net.createServer((socket) => socket.end(answer(socket.remoteAddress, port))).listen(+port)
    else {
      const socket = dgram.createSocket('udp4')
      socket.on('message', (_, peer) => socket.send(answer(peer.address, port), peer.port, peer.address))
      socket.bind(+port)
    }
  }
}

function ask(protocol: string, address: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    setTimeout(() => process.exit(1), answerMs)
    const done = (data: Buffer): void => {
      resolve(data.toString())
      setTimeout(() => process.exit(0), 0)
    }
    if (protocol === 'tcp') net.connect(port, address).on('data', done).on('error', reject)
    else {
      const socket = dgram.createSocket('udp4').on('message', done).on('error', reject)
      socket.connect(port, address, () => socket.send('?'))
    }
  })
}

export const program = '/opt/node/bin/node /opt/lxcnet/test/real/forward-peer.ts'
const within = (from: string | null): string => (from === null ? '' : 'nsenter -t "$(lxc-info -n "$1" -pH)" -n ')

/** Lets a container, or the host itself, answer on these ports: `tcp/80`. @returns the pid of the process that does */
export async function answers(host: LabHost, name: string | null, ports: readonly string[]): Promise<string> {
  const [first = ''] = ports.filter((port) => port.startsWith('tcp')).slice(-1)
  const port = Number(first.slice(4)).toString(16).toUpperCase().padStart(4, '0')
  const pid = await host.ok(
    `setsid ${within(name)}${program} serve ${name ?? 'host'} ${ports.join(' ')} </dev/null >/dev/null 2>&1 & echo $!`,
    {},
    name ?? '',
  )
  await host.ok(
    `for _ in $(seq 300); do ${within(name)}grep -q ':${port} .* 0A ' /proc/net/tcp6 /proc/net/tcp && exit; sleep 0.05; done; exit 1`,
    {},
    name ?? '',
  )
  return pid.trim()
}

/** What comes back: `web 80 198.18.0.12`; undefined for nothing. @param port `tcp/80` @param from a container, or the host itself */
export async function asks(
  host: LabHost,
  from: string | null,
  address: string,
  port: string,
): Promise<string | undefined> {
  const [protocol = '', number = ''] = port.split('/')
  const { status, stdout } = await host.sh(
    `${within(from)}${program} ask "$2" "$3" "$4"`,
    {},
    from ?? '',
    protocol,
    address,
    number,
  )
  return status === 0 ? stdout : undefined
}

/** Whatever forwards may leave behind, a line each. */
export const traces = async (host: LabHost): Promise<string[]> => (await host.ok(tracesScript)).split('\n')

const tracesScript = `
ip -o link show | sed 's/^[0-9]*: //; s/ qdisc .*//; s/@if[0-9]*//' | sort
ip -o -4 address show | sed 's/^[0-9]*: //; s/ *valid_lft.*//'
ip -4 route show table all | sort
nft list ruleset | sed 's,counter packets [0-9]* bytes [0-9]* ,,'
grep -H '' /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/route_localnet
ps -eo comm= | grep -v -e kworker -e '^sleep$' -e '^sshd$' -e '^sh$' -e '^ps$' -e '^grep$' -e '^MainThread$' -e '^sort$' -e '^sed$' | sort
ls -d /run/lxcnet/firewall 2>/dev/null
find /etc /var/lib/lxc/*/config -type f ! -name '*-' -exec sha256sum {} + | sort -k 2
find /etc -type d | sort`

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main(process.argv.slice(2))

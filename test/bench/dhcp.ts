/**
 * Reservations on a host of the lab that has 1,000: what one more costs beside any change of one file, and whether
 * dnsmasq answers while 200 are added one after the other.
 */
import { Lab, type LabHost } from '../real/lab/lab.ts'
import { type Measure, median, type Ran } from './run.ts'

const rounds = 11
const limit = 1.3
const many = 1000
const added = 200
const address = (n: number): string => `10.0.${16 + (n >> 8)}.${n & 255}`

export async function reservations(): Promise<Measure[]> {
  const lab = await Lab.up({ hosts: 1 })
  try {
    const host = lab.hosts[0] as LabHost
    await prepare(host)
    return [await oneMore(host), await lossless(host)]
  } finally {
    await lab.down()
  }
}

/** A network of 4,000 addresses, and 1,000 containers that have one reserved. */
async function prepare(host: LabHost): Promise<void> {
  await host.ok(`cat >>/etc/default/lxc-net <<'X'
LXC_ADDR="10.0.16.1"
LXC_NETMASK="255.255.240.0"
LXC_NETWORK="10.0.16.0/20"
LXC_DHCP_RANGE="10.0.28.0,10.0.31.254"
LXC_DHCP_MAX="1000"
LXC_DHCP_PING="false"
X
/usr/libexec/lxc/lxc-net start`)
  await lxcnet(host, ['dhcp', 'reserve', 'first', address(2)])
  const mac = (n: number): string => `00:16:3e:01:${hex(n >> 8)}:${hex(n & 255)}`
  const configs = Array.from({ length: many }, (_, n) => `c${n} ${mac(n)} ${address(n + 8)}`)
  await host.ok(
    `while read -r name mac address; do
  mkdir "/var/lib/lxc/$name"
  printf 'lxc.uts.name = %s\\nlxc.net.0.type = veth\\nlxc.net.0.link = lxcbr0\\nlxc.net.0.flags = up\\nlxc.net.0.hwaddr = %s\\n' "$name" "$mac" >"/var/lib/lxc/$name/config"
  echo "$mac,$address,$name" >>/etc/lxcnet/dnsmasq/lxc-net.hosts
done
kill -HUP "$(cat /run/lxc/dnsmasq.pid)"`,
    { input: configs.map((line) => `${line}\n`).join('') },
  )
}

const hex = (n: number): string => n.toString(16).padStart(2, '0')

async function lxcnet(host: LabHost, words: string[]): Promise<Ran> {
  const script = ['/opt/node/bin/node', '/opt/lxcnet/test/bench/run.ts', '/opt/lxcnet/bin/run.js', ...words]
  const { status, stdout, stderr } = await host.run(script)
  const ran = JSON.parse(stdout || '{}') as Ran
  if (status !== 0 || ran.status !== 0)
    throw new Error(`lxcnet ${words.join(' ')}: ${stderr}${ran.stdout}${ran.stderr}`)
  return ran
}

async function oneMore(host: LabHost): Promise<Measure> {
  const [files, reserved]: [number[], number[]] = [[], []]
  for (let round = 0; round <= rounds; round++) {
    const file = await lxcnet(host, ['set', `c${round}`, `mtu=${1400 + round}`])
    const more = await lxcnet(host, ['dhcp', 'reserve', `more${round}`, address(2000 + round)])
    if (round === 0) continue // fills caches
    files.push(file.milliseconds)
    reserved.push(more.milliseconds)
  }
  const [one, other] = [median(files), median(reserved)]
  const detail = `${other.toFixed(0)} ms, a key of a NIC ${one.toFixed(0)} ms, median of ${rounds}`
  return { name: `one more reservation beside ${many}: times a change of one file`, ratio: other / one, limit, detail }
}

/** Asks once for an address, again and again, in the name of 250 clients in turn, until the file `stop` is there. */
const asking = `asked=0 got=0
until [ -e /run/stop ]; do
  asked=$((asked + 1))
  ip link set eth0 address "$(printf 02:00:00:00:00:%02x $((asked % 250)))"
  timeout 20 busybox udhcpc -i eth0 -n -q -f -t 1 -T 5 -s /bin/true >/dev/null 2>&1 && got=$((got + 1))
done
echo "$asked $got" >/run/asked`

async function lossless(host: LabHost): Promise<Measure> {
  await host.container('asks', ['lxc.net.0.type = veth', 'lxc.net.0.link = lxcbr0', 'lxc.net.0.flags = up'])
  const { status, stderr } = await host.start('asks')
  if (status !== 0) throw new Error(stderr)
  await host.write('/root/asking', asking)
  await host.ok(`nsenter -t "$(lxc-info -n asks -pH)" -n sh /root/asking </dev/null >/dev/null 2>&1 &`)
  for (let n = 0; n < added; n++) await lxcnet(host, ['dhcp', 'reserve', `late${n}`, address(2400 + n)])
  const [asked, got] = (await host.ok('touch /run/stop; until [ -s /run/asked ]; do sleep 0.1; done; cat /run/asked'))
    .trim()
    .split(' ')
  await host.stop('asks')
  const lost = Number(asked) - Number(got)
  if (Number(got) < added) throw new Error(`only ${got} exchanges while ${added} reservations were added`)
  const detail = `${got} of ${asked} clients that asked once got an address meanwhile`
  return { name: `DHCP exchanges lost while ${added} reservations are added`, ratio: lost, limit: 0, detail }
}

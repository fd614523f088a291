/**
 * `npm run demo`: a controller and two LXC hosts come up on this machine, a site file says what the containers' NICs
 * shall be, `lxcnet apply` makes them so over SSH, the containers start, and a table says who reaches whom.
 *
 * Where this machine cannot host LXC `lxcnet create` works on a directory tree, and says what was left out and why.
 * Exits 1 when anything is not as it should be; `--break` takes one wire away, to show that it does.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Lab, type LightHost } from './lab/lab.ts'

interface Trial {
  from: string
  to: string
  why: string
  expected: boolean
  reached: boolean
}

/** What is not as it should be. */
const faults: string[] = []

async function onHosts(lab: Lab): Promise<number> {
  const [controller, one, two] = lab.hosts as [LightHost, LightHost, LightHost]
  await makeReady(one, two)
  await controller.write('/root/lxcnet.yaml', readFileSync(join(import.meta.dirname, 'demo.yaml')))
  await type(controller, 'cat lxcnet.yaml')
  await type(controller, 'lxcnet validate')
  await type(controller, 'lxcnet plan', 2)
  await type(controller, 'lxcnet apply --quiet')
  await start([one, 'web01'], [one, 'db01'], [two, 'web02'])
  await type(controller, 'lxcnet list -f lxcnet.yaml')
  if (process.argv.includes('--break')) await two.ok('ip link set eth1 down')
  table(await trials(one, two))
  await type(controller, 'lxcnet plan')
  await type(two, "sed -i '/net.0.link/s/eth1/eth0/' /var/lib/lxc/web02/config")
  await type(controller, 'lxcnet diff', 2)
  console.log(faults.length === 0 ? '\nAll as it should be.' : `\n${['Not as it should be:', ...faults].join('\n  ')}`)
  return faults.length === 0 ? 0 : 1
}

/** What an administrator would have: containers, and on each host a bridge and an address on the LAN. */
async function makeReady(one: LightHost, two: LightHost): Promise<void> {
  const network = 'ip link add lxcbr0 type bridge && ip addr add 10.0.3.1/24 dev lxcbr0 && ip link set lxcbr0 up'
  // an address on the parent, so that the host could answer: that it does not is what macvlan promises
  const address = (last: number) => `${network} && ip addr add 198.18.1.${last}/24 dev eth1`
  await Promise.all([
    one.container('web01'),
    one.container('db01'),
    two.container('web02'),
    one.ok(address(12)),
    two.ok(address(13)),
  ])
}

/** Runs a command line on a host and prints both, as a person sees them there. */
async function type(host: LightHost, line: string, expected = 0): Promise<void> {
  const { status, stdout, stderr } = await host.sh(`cd; lxcnet() { /opt/lxcnet/bin/run.js "$@"; }; ${line}`, {
    env: { PATH: '/opt/node/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
  })
  console.log(`\n${host.name}$ ${line}\n${stdout}${stderr}`.trimEnd())
  if (status !== expected) faults.push(`the exit status of ${line} (${status}, not ${expected})`)
}

async function start(...containers: [LightHost, string][]): Promise<void> {
  const results = await Promise.all(containers.map(async ([host, name]) => ({ name, ...(await host.start(name)) })))
  for (const { name, status, stderr } of results) {
    if (status === 0) continue
    console.log(`\n${name} does not start: ${stderr.trim()}`)
    faults.push(`the start of ${name}`)
  }
}

function trials(one: LightHost, two: LightHost): Promise<Trial[]> {
  const web02 = '198.18.1.102'
  const web01 = '198.18.1.101'
  return Promise.all([
    trial('web01 on h2', 'web02 on h3', 'macvlan bridges over the LAN', true, one.ping('web01', web02)),
    trial('web02 on h3', 'web01 on h2', 'and back', true, two.ping('web02', web01)),
    trial('h3', 'web01 on h2', 'another host reaches it', true, two.ping(null, web01)),
    trial('h2', 'web01 on h2', "its own host does not: macvlan's rule", false, one.ping(null, web01)),
    trial('web01 on h2', 'h2', 'nor the other way', false, one.ping('web01', '198.18.1.12')),
    trial('db01 on h2', 'h2', "a veth is a port of its host's bridge", true, one.ping('db01', '10.0.3.1')),
    trial('web01 on h2', 'db01 on h2', 'no route: it was given none', false, one.ping('web01', '10.0.3.11')),
    trial('db01 on h2', 'web02 on h3', 'its gateway forwards nothing', false, one.ping('db01', web02)),
  ])
}

async function trial(from: string, to: string, why: string, expected: boolean, ping: Promise<boolean>): Promise<Trial> {
  // a ping that finds no route ends with an error, not without an answer
  return { from, to, why, expected, reached: await ping.catch(() => false) }
}

function table(all: readonly Trial[]): void {
  const row = (cells: readonly string[]): string =>
    `${cells[0]?.padEnd(13)}${cells[1]?.padEnd(13)}${cells[2]?.padEnd(13)}${cells[3]?.padEnd(5)}${cells[4]}`
  console.log(`\n${row(['FROM', 'TO', 'PING', 'OK', 'BECAUSE'])}`)
  for (const { from, to, why, expected, reached } of all) {
    console.log(row([from, to, reached ? 'reached' : 'not reached', reached === expected ? 'yes' : 'NO', why]))
    if (reached !== expected) faults.push(`from ${from} to ${to}`)
  }
}

/** The same NIC where no LXC can run: what is written, without a start and without pings. */
function onTree(reason: string): number {
  const root = mkdtempSync(join(tmpdir(), 'lxcnet-demo-'))
  try {
    const folder = join(root, 'var/lib/lxc/web01')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'config'), 'lxc.uts.name = web01\n')
    const bin = resolve(import.meta.dirname, '../../bin/run.js')
    const nic = 'create web01 --type macvlan --mode bridge --link eth1 --ipv4 198.18.1.101/24'
    const words = [...nic.split(' '), '--root', root]
    console.log(`$ lxcnet ${words.join(' ')}`)
    const { status } = spawnSync(process.execPath, [bin, ...words], { stdio: 'inherit' })
    console.log(`\n${folder}/config:\n${readFileSync(join(folder, 'config'), 'utf8')}`)
    console.log(`Left out: the LXC hosts, their containers and the pings between them. ${reason}`)
    return status ?? 1
  } finally {
    rmSync(root, { recursive: true })
  }
}

async function main(): Promise<number> {
  const reason = await Lab.canHost()
  if (reason !== null) return onTree(reason)
  console.log('A controller, h1, and two LXC hosts come up on this machine; the first time')
  console.log('their root file system is made, which takes half a minute …')
  const lab = await Lab.up({ hosts: 3 })
  try {
    return await onHosts(lab)
  } finally {
    await lab.down()
  }
}

process.exitCode = await main()

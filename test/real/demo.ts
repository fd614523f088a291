/**
 * `npm run demo`: two LXC hosts come up on this machine, `lxcnet create` gives a container on each a macvlan NIC in
 * mode bridge, the containers start, and a table says who reaches whom.
 *
 * Where this machine cannot host LXC the same command works on a directory tree, and says what was left out and why.
 * Exits 1 when one line of the table is not as it should be; `--break` takes one wire away, to show that it does.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Lab, type LightHost } from './lab/lab.ts'

const nics = [
  { container: 'web01', address: '198.18.1.101' },
  { container: 'web02', address: '198.18.1.102' },
] as const

const create = ({ container, address }: (typeof nics)[number]): string[] =>
  `create ${container} --type macvlan --mode bridge --link eth1 --ipv4 ${address}/24`.split(' ')

interface Trial {
  from: string
  to: string
  why: string
  expected: boolean
  reached: boolean
}

async function onHosts(lab: Lab): Promise<number> {
  const [one, two] = lab.hosts as [LightHost, LightHost]
  const places = [
    [one, nics[0]],
    [two, nics[1]],
  ] as const
  for (const [host, nic] of places) {
    await host.container(nic.container)
    // an address on the parent, so that the host could answer: that it does not is what macvlan promises
    await host.ok(`ip addr add 198.18.1.${host === one ? 11 : 12}/24 dev eth1`)
    console.log(`\n${host.name}$ lxcnet ${create(nic).join(' ')}`)
    const { status, stdout, stderr } = await host.lxcnet(create(nic))
    console.log((stdout + stderr).trimEnd())
    if (status !== 0) return 1
    const started = await host.start(nic.container)
    if (started.status !== 0) {
      console.error(`${nic.container} does not start: ${started.stderr}`)
      return 1
    }
  }
  if (process.argv.includes('--break')) await two.ok('ip link set eth1 down')
  const trials = await Promise.all([
    trial('web01 on h1', 'web02 on h2', 'macvlan bridges over the LAN', true, one.ping('web01', nics[1].address)),
    trial('web02 on h2', 'web01 on h1', 'and back', true, two.ping('web02', nics[0].address)),
    trial('h2', 'web01 on h1', 'another host reaches it', true, two.ping(null, nics[0].address)),
    trial('h1', 'web01 on h1', "its own host does not: macvlan's rule", false, one.ping(null, nics[0].address)),
    trial('web01 on h1', 'h1', 'nor the other way', false, one.ping('web01', '198.18.1.11')),
    trial(
      'web01 on h1',
      '198.18.0.1',
      'no route: it was given none',
      false,
      one.ping('web01', '198.18.0.1').catch(() => false),
    ),
  ])
  for (const host of [one, two])
    console.log(`\n${host.name}$ lxcnet list\n${(await host.lxcnet(['list'])).stdout.trimEnd()}`)
  return table(trials)
}

async function trial(from: string, to: string, why: string, expected: boolean, ping: Promise<boolean>): Promise<Trial> {
  return { from, to, why, expected, reached: await ping }
}

function table(trials: readonly Trial[]): number {
  const row = (cells: readonly string[]): string =>
    `${cells[0]?.padEnd(13)}${cells[1]?.padEnd(13)}${cells[2]?.padEnd(13)}${cells[3]?.padEnd(5)}${cells[4]}`
  console.log(`\n${row(['FROM', 'TO', 'PING', 'OK', 'BECAUSE'])}`)
  for (const { from, to, why, expected, reached } of trials) {
    console.log(row([from, to, reached ? 'reached' : 'not reached', reached === expected ? 'yes' : 'NO', why]))
  }
  const wrong = trials.filter(({ expected, reached }) => expected !== reached).length
  console.log(wrong === 0 ? '\nAll as it should be.' : `\n${wrong} of ${trials.length} are not as they should be.`)
  return wrong === 0 ? 0 : 1
}

/** The same command where no LXC can run: what is written, without a start and without pings. */
function onTree(reason: string): number {
  const root = mkdtempSync(join(tmpdir(), 'lxcnet-demo-'))
  try {
    const [nic] = nics
    const folder = join(root, 'var/lib/lxc', nic.container)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'config'), `lxc.uts.name = ${nic.container}\n`)
    const bin = resolve(import.meta.dirname, '../../bin/run.js')
    const words = [...create(nic), '--root', root]
    console.log(`$ lxcnet ${words.join(' ')}`)
    const { status } = spawnSync(process.execPath, [bin, ...words], { stdio: 'inherit' })
    console.log(`\n${folder}/config:\n${readFileSync(join(folder, 'config'), 'utf8')}`)
    console.log(`Left out: two LXC hosts, their containers and the pings between them. ${reason}`)
    return status ?? 1
  } finally {
    rmSync(root, { recursive: true })
  }
}

async function main(): Promise<number> {
  const reason = await Lab.canHost()
  if (reason !== null) return onTree(reason)
  console.log('Two LXC hosts come up on this machine (the first time their root file system is made, half a minute) …')
  const lab = await Lab.up({ hosts: 2 })
  try {
    return await onHosts(lab)
  } finally {
    await lab.down()
  }
}

process.exitCode = await main()

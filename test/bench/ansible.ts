/**
 * Side by side with Ansible: 20 hosts, each gets a NIC of six lines in the config of its web01, and all get theirs again,
 * which changes nothing. Both end with the same bytes in that config, which is on a real disk.
 *
 * ansible/playbook.yml keeps a copy of the config, writes six lines and runs one command. lxcnet's `apply` reads the
 * host (links, routes, running containers, every config), plans, writes the lines and its record of the site by a
 * transaction that keeps copies in its journal and syncs all of it, and reads again.
 * Both run in the network between the hosts, with the same names, keys and known host keys.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Lab, type LightHost } from '../real/lab/lab.ts'
import { execute } from '../real/lab/machine.ts'
import { Controller } from './controller.ts'
import { record } from './record.ts'
import { inTurn, type Measure, median, program, type Ran } from './run.ts'

const rounds = 3
const count = 20
const limit = 1 / 20
const config = '/var/lib/lxc/web01/config'

export async function besideAnsible(): Promise<Measure[]> {
  const lab = await Lab.up({ hosts: count, persistent: true })
  const home = mkdtempSync('/var/tmp/lxcnet-ansible-')
  try {
    const { hosts } = lab
    writeFileSync(join(home, 'hosts'), hosts.map((host) => `${host.name} mac=${mac(host)} ip=${ip(host)}\n`).join(''))
    writeFileSync(join(home, 'site.yaml'), site(hosts))
    const files = join(import.meta.dirname, 'ansible')
    const run = (argv: string[]) => timed(lab, home, [`ANSIBLE_CONFIG=${join(files, 'ansible.cfg')}`, ...argv])
    const playbook = ['ansible-playbook', '-i', join(home, 'hosts'), join(files, 'playbook.yml')]
    const apply = [process.execPath, program, 'apply', '-f', join(home, 'site.yaml'), '--parallel', `${count}`]

    const results = new Set<string>()
    const first = async (argv: string[]): Promise<Ran> => {
      await Promise.all(hosts.map(furnish))
      return run(argv)
    }
    const again = async (argv: string[]): Promise<Ran> => {
      const before = await configs(hosts)
      const ran = await run(argv)
      assert.ok((await configs(hosts)) === before, 'what was so already has been changed')
      results.add(before)
      return ran
    }
    const bare = await bareShells(hosts)
    const samples = await inTurn(rounds, [
      () => first(apply),
      () => again(apply),
      () => first(playbook),
      () => again(playbook),
      bare,
    ])
    assert.equal(results.size, 1, 'lxcnet and Ansible end with different configs')

    const [
      change = Number.NaN,
      none = Number.NaN,
      theirChange = Number.NaN,
      theirNone = Number.NaN,
      floor = Number.NaN,
    ] = samples.map(median)
    const measure = (name: string, ours: number, theirs: number): Measure => {
      const detail = `${seconds(ours)}, Ansible ${seconds(theirs)}: ${(theirs / ours).toFixed(1)} times faster, median of ${rounds}`
      return { name, ratio: ours / theirs, limit, detail }
    }
    const changing = measure(`apply on ${count} hosts: times Ansible`, change, theirChange)
    return [
      { ...changing, detail: `${changing.detail}; bare shells ${(theirChange / floor).toFixed(1)} times` },
      measure(`apply on ${count} hosts, nothing to change: times Ansible`, none, theirNone),
    ]
  } finally {
    await lab.down()
    rmSync(home, { recursive: true })
  }
}

/** The floor of the other benches: the logins, and shells that carry and sync as many bytes as those of a first run. */
async function bareShells(hosts: readonly LightHost[]): Promise<() => Promise<Ran>> {
  const [h1, h2] = hosts
  if (h1 === undefined || h2 === undefined) throw new Error('no hosts')
  const controller = await Controller.on(h1)
  const shells = await record(h2, async (port) => {
    await furnish(h2)
    await h1.write('/root/site.yaml', site([h2]).replace('h2: {}', `h2: { port: ${port} }`))
    return controller.lxcnet(['apply', '-f', '/root/site.yaml'])
  })
  const addresses = hosts.map(({ address }) => ({ host: address, port: 22 }))
  return async () => {
    await Promise.all(hosts.map(furnish))
    return controller.floor(addresses, shells, count)
  }
}

const mac = ({ number }: LightHost): string => `00:16:3e:00:53:${number.toString(16).padStart(2, '0')}`
const ip = ({ number }: LightHost): string => `198.18.1.${100 + number}/24`

const site = (hosts: readonly LightHost[]): string => `hosts:
${hosts.map(({ name }) => `  ${name}: {}\n`).join('')}networks:
  data: { type: macvlan, mode: bridge, link: eth1 }
containers:
${hosts.map((host) => `  web01@${host.name}: { nics: { 0: { network: data, hwaddr: "${mac(host)}", ipv4: ${ip(host)} } } }\n`).join('')}`

/** The container without a NIC, and nothing of the change before. */
async function furnish(host: LightHost): Promise<void> {
  await host.container('web01')
  await host.ok('rm -rf /var/lib/lxcnet /var/lib/lxc/web01/config.before; sync -f /var/lib/lxc')
}

const configs = async (hosts: readonly LightHost[]): Promise<string> =>
  (await Promise.all(hosts.map((host) => host.ok(`cat ${config}`)))).join('')

async function timed(lab: Lab, home: string, words: string[]): Promise<Ran> {
  const { argv } = lab.lanCommand(['env', `HOME=${home}`, ...words])
  const start = performance.now()
  const { status, stdout, stderr } = await execute({ argv }, { timeoutMs: 600_000 })
  const ran = { milliseconds: performance.now() - start, status, stdout: `${stdout}`, stderr: `${stderr}` }
  if (status !== 0) throw new Error(`${words.join(' ')}: exit ${status}\n${ran.stdout}${ran.stderr}`)
  return ran
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`

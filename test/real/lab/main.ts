// The lab for a person: `node test/real/lab/main.ts` says how.

import { spawn } from 'node:child_process'
import { Lab } from './lab.ts'

const usage = `usage: main.ts COMMAND
  up [HOSTS [VMS]] [--systemd]     start a lab that stays until \`down\`; two light hosts when nothing is said
  hold [HOSTS [VMS]] [--systemd]   the same, until interrupted
  exec HOST [COMMAND...]           run a command, or a shell, on h1, vm1 ... of the newest lab, or between them: lan
  down                             end all labs that stay
  sweep                            end what dead runners left behind
  check                            say whether this machine can have light hosts`

async function up(words: string[]): Promise<Lab> {
  const [hosts = 2, vms = 0] = words.filter((word) => word !== '--systemd').map(Number)
  if (!Number.isInteger(hosts) || !Number.isInteger(vms)) throw new Error(usage)
  const lab = await Lab.up({ hosts, vms, systemd: words.includes('--systemd') })
  for (const { name, address } of [...lab.hosts, ...lab.vms]) console.log(`${name} ${address}`)
  console.log(`lab ${lab.id} is up`)
  return lab
}

function run(name: string, argv: string[]): Promise<number> {
  const lab = Lab.kept().at(-1)
  if (!lab) throw new Error('lab: no lab is up')
  const host = [...lab.hosts, ...lab.vms].find((one) => one.name === name)
  if (!host && name !== 'lan') throw new Error(`lab: there is no host ${name}`)
  const terminal = process.stdin.isTTY === true
  const env = { TERM: process.env['TERM'] ?? 'dumb' }
  const command = host ? host.command(argv, env, terminal) : lab.lanCommand(argv)
  const [program = '', ...rest] = command.argv
  const child = spawn(program, rest, { cwd: command.cwd, stdio: 'inherit' })
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  child.on('error', reject)
  child.on('exit', (status) => resolve(status ?? 1))
  return promise
}

async function main([command, ...words]: string[]): Promise<number> {
  switch (command) {
    case 'up':
      ;(await up(words)).keep()
      return 0
    case 'hold':
      await up(words)
      setInterval(() => {}, 60_000)
      return new Promise(() => {})
    case 'exec':
      return run(words[0] ?? '', words.length > 1 ? words.slice(1) : ['sh', '-l'])
    case 'down':
      for (const lab of Lab.kept()) await lab.down()
      return 0
    case 'sweep':
      for (const id of Lab.sweep()) console.log(`ended ${id}`)
      return 0
    case 'check': {
      const obstacle = await Lab.canHost()
      console.log(obstacle ?? 'this machine can have light hosts')
      return obstacle ? 1 : 0
    }
    default:
      throw new Error(usage)
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

/**
 * Import and plan of a fleet without the way to it: each host answers at once with what a real one answered, MACs and
 * addresses made its own. A process of its own, whose time and memory count.
 *
 *   planning.ts ANSWERS HOSTS     a file with an Answers, as JSON; prints a Planning, as JSON
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Connection } from '../../src/host/port.ts'
import { parseSite } from '../../src/site/index.ts'
import { applySite, checkAcross, type Drawn } from '../../src/workflow/apply-site.ts'
import { type Context, readView } from '../../src/workflow/context.ts'
import { importSite } from '../../src/workflow/import-site.ts'
import { nicTable } from '../../src/workflow/site-file.ts'

/** By the script that was asked, its nonce left out. Bytes as latin1. */
export type Answers = Record<string, string>

export interface Planning {
  /** From the answers of all hosts to the text of the site file and the proof that its plan is empty. */
  importMs: number
  /** From the text and the answers to the drafts of all hosts: nothing to change. */
  planMs: number
  /** The same, with something to change in each container. */
  changeMs: number
  containers: number
  changes: number
  /** Resident set of the whole process. */
  peakMegabytes: number
}

export const nonceOf = (script: string): string => /lx_nonce=(\S+)/.exec(script)?.[1] ?? ''

export const asked = (script: string): string => script.replaceAll(nonceOf(script), 'NONCE')

export function contextOf(host: Connection): Context {
  return {
    host,
    scope: { root: '', live: true, state: '/var/lib/lxcnet' },
    lxcpath: '',
    fallback: '/var/lib/lxc',
    lxcVersion: undefined,
    unprivileged: false,
    user: 'root@bench',
    command: 'lxcnet plan',
    place: [],
    now: () => new Date(),
    random: (below) => Math.floor(Math.random() * below),
  }
}

export const importReading = (context: Context) => readView(context, { containers: [] })

/** @returns how many changes are pending */
export async function plan(contexts: readonly Context[], text: string): Promise<number> {
  const { site } = parseSite(text, 'site.yaml', nicTable)
  assert.ok(site)
  const drawn = new Map<string, Drawn>()
  const mandate = { dryRun: true, allow: new Set<string>(), confirm: async () => false }
  const request = { site, only: () => true, restart: false }
  const reports = await Promise.all(contexts.map((context) => applySite(context, request, mandate, drawn)))
  checkAcross(site, drawn)
  return reports.reduce((sum, { changes }) => sum + changes.length, 0)
}

/** The host of this number: its addresses and MACs are as long as those of the one that was asked. */
function double(answers: Answers, number: number): Connection {
  const byte = (value: number): string => value.toString(16).padStart(2, '0')
  const host: Connection = {
    name: `h${number}`,
    exec: async (script) => {
      const answer = answers[asked(script)]
      assert.ok(answer !== undefined, 'a script that the real host was not asked')
      const own = answer
        .replaceAll('NONCE', nonceOf(script))
        .replace(/00:16:3e:0([01])/g, (_, second) => `00:16:3e:${byte(2 * number + Number(second))}`)
        .replaceAll('fd00:', `fd${byte(number)}:`)
        .replaceAll('10.100.', `10.${100 + number}.`)
      return { stdout: Buffer.from(own, 'latin1'), stderr: '', status: 0 }
    },
    anew: () => host,
    close: async () => {},
  }
  return host
}

async function timed<T>(work: () => Promise<T>): Promise<[milliseconds: number, result: T]> {
  const start = performance.now()
  const result = await work()
  return [performance.now() - start, result]
}

async function main(file: string, hosts: number): Promise<Planning> {
  const answers: Answers = JSON.parse(readFileSync(file, 'latin1'))
  const contexts = Array.from({ length: hosts }, (_, at) => contextOf(double(answers, at)))
  const [importMs, { text, containers, leftOut }] = await timed(async () => {
    const readings = await Promise.all(
      contexts.map(async (context) => ({ context, reading: await importReading(context) })),
    )
    return importSite(readings, undefined, new Set(), nicTable)
  })
  assert.deepEqual(leftOut, [])
  const [planMs, none] = await timed(() => plan(contexts, text))
  assert.equal(none, 0)
  const other = text.replace(/^ {4}type: .*/gm, '$&\n    mtu: 1400')
  const [changeMs, changes] = await timed(() => plan(contexts, other))
  const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))
  return { importMs, planMs, changeMs, containers, changes, peakMegabytes: Number(peak?.[1]) / 1024 }
}

if (import.meta.main) console.log(JSON.stringify(await main(process.argv[2] ?? '', Number(process.argv[3]))))

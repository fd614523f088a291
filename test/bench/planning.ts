/**
 * Import or plan of a fleet without the way to it: each host answers at once with what a real one answered, MACs and
 * addresses made its own. A process of its own, whose time and memory count.
 *
 *   planning.ts import|plan ANSWERS HOSTS SITE     ANSWERS is a file with an Answers, as JSON; SITE is the site file
 *                                                  that import writes and plan reads; prints a Planning, as JSON
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import type { Connection } from '../../src/host/port.ts'
import { parseSite } from '../../src/site/index.ts'
import { applySite, checkAcross, type Drawn } from '../../src/workflow/apply-site.ts'
import { type Context, readView } from '../../src/workflow/context.ts'
import { importReads, importSite } from '../../src/workflow/import-site.ts'
import { siteTable } from '../../src/workflow/site-file.ts'

/** By the script that was asked, its nonce left out. Bytes as latin1. */
export type Answers = Record<string, string>

export interface Planning {
  /** Without the time in which the hosts make up their answers. */
  milliseconds: number
  /** Pending, or 0 for an import. */
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
    owner: { uid: 0, gid: 0 },
    unprivileged: false,
    user: 'root@bench',
    command: 'lxcnet plan',
    place: [],
    now: () => new Date(),
    random: (below) => Math.floor(Math.random() * below),
  }
}

export const importReading = (context: Context) => readView(context, importReads(context))

/** @returns how many changes are pending */
export async function plan(contexts: readonly Context[], text: string): Promise<number> {
  const { site } = parseSite(text, 'site.yaml', siteTable)
  assert.ok(site)
  const drawn = new Map<string, Drawn>()
  const mandate = { dryRun: true, allow: new Set<string>(), confirm: async () => false }
  const request = { site, only: () => true, restart: false }
  const reports = await Promise.all(contexts.map((context) => applySite(context, request, mandate, drawn)))
  checkAcross(site, drawn)
  return reports.reduce((sum, { changes }) => sum + changes.length, 0)
}

/** Spent in answering. */
let answeringMs = 0

/** The host of this number: its addresses and MACs are as long as those of the one that was asked. */
function double(answers: Answers, number: number): Connection {
  const byte = (value: number): string => value.toString(16).padStart(2, '0')
  const host: Connection = {
    name: `h${number}`,
    exec: async (script) => {
      const start = performance.now()
      const answer = answers[asked(script)]
      assert.ok(answer !== undefined, 'a script that the real host was not asked')
      const own = answer
        .replaceAll('NONCE', nonceOf(script))
        .replace(/00:16:3e:0([01])/g, (_, second) => `00:16:3e:${byte(2 * number + Number(second))}`)
        .replaceAll('fd00:', `fd${byte(number)}:`)
        .replaceAll('10.100.', `10.${100 + number}.`)
      const stdout = Buffer.from(own, 'latin1')
      answeringMs += performance.now() - start
      return { stdout, stderr: '', status: 0 }
    },
    anew: () => host,
    close: async () => {},
  }
  return host
}

async function importAll(contexts: readonly Context[], file: string): Promise<number> {
  const readings = await Promise.all(
    contexts.map(async (context) => ({ context, reading: await importReading(context) })),
  )
  const { text, leftOut } = importSite(readings, undefined, new Set(), siteTable)
  assert.deepEqual(leftOut, [])
  writeFileSync(file, text, 'latin1')
  return 0
}

async function main([verb = '', answersFile = '', hosts = '', site = '']: string[]): Promise<Planning> {
  const answers: Answers = JSON.parse(readFileSync(answersFile, 'latin1'))
  const contexts = Array.from({ length: Number(hosts) }, (_, at) => contextOf(double(answers, at)))
  const start = performance.now()
  const changes = await (verb === 'import' ? importAll(contexts, site) : plan(contexts, readFileSync(site, 'latin1')))
  const milliseconds = performance.now() - start - answeringMs
  const peak = /^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))
  return { milliseconds, changes, peakMegabytes: Number(peak?.[1]) / 1024 }
}

if (import.meta.main) console.log(JSON.stringify(await main(process.argv.slice(2))))

/**
 * A controller to be run on a host of the lab: reads a job from its standard input, as JSON, carries it out over one
 * transport and prints what came of it, as JSON. Secrets come by the same way, so that they are in no process list.
 */
import { createHash } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { LxcnetError } from '../../src/core/error.ts'
import type { Target, Transport } from '../../src/core/target.ts'
import { LocalHost } from '../../src/host/local.ts'
import type { Connection } from '../../src/host/port.ts'
import { Ssh } from '../../src/ssh/index.ts'

export interface Job {
  transport: Transport | 'local'
  targets: Target[]
  steps: Step[]
  hostKey?: 'strict' | 'accept-new'
  connectTimeoutMs?: number
  /** What a person would answer; nobody is there without it. */
  passphrase?: string
  sudoPassword?: string
  /** End without closing anything. */
  leave?: boolean
}

export type Step =
  /** `padBytes` of comment are put before the script. */
  | { exec: string; host?: number; timeoutMs?: number; padBytes?: number; digest?: boolean }
  | { together: Step[] }
  /** Adds a host: the same by a connection of its own. */
  | { anew: number; address?: string }
  | { close: number }

export interface Outcome {
  status?: number | null
  /** Bytes as latin1; with `digest`, their number and SHA-256. */
  stdout?: string
  stderr?: string
  error?: { code: string; message: string; exit: number; suggestions: string[] }
  together?: Outcome[]
}

export interface Report {
  outcomes: Outcome[]
  /** The questions that a person was asked. */
  asked: string[]
}

async function main(): Promise<void> {
  const job = JSON.parse(await text(process.stdin)) as Job
  const asked: string[] = []
  const answer = async (question: string, secret: string | undefined) => {
    asked.push(question)
    return secret
  }
  const ssh = new Ssh({
    transport: job.transport === 'local' ? 'auto' : job.transport,
    hostKey: job.hostKey ?? 'strict',
    connectTimeoutMs: job.connectTimeoutMs ?? 30_000,
    secrets: {
      passphrase: (file) => answer(file, job.passphrase),
      sudoPassword: async () => job.sudoPassword,
    },
  })
  const hosts: Connection[] = job.targets.map((target) =>
    job.transport === 'local' ? new LocalHost() : ssh.host(target),
  )
  const outcomes: Outcome[] = []
  for (const step of job.steps) outcomes.push(await carryOut(step, hosts))
  if (!job.leave) await ssh.close()
  process.stdout.write(JSON.stringify({ outcomes, asked } satisfies Report))
  if (job.leave) process.exit()
}

async function carryOut(step: Step, hosts: Connection[]): Promise<Outcome> {
  if ('together' in step) return { together: await Promise.all(step.together.map((each) => carryOut(each, hosts))) }
  const host = hosts['anew' in step ? step.anew : 'close' in step ? step.close : (step.host ?? 0)]
  if (host === undefined) throw new Error(`no such host: ${JSON.stringify(step)}`)
  try {
    if ('anew' in step) {
      hosts.push(host.anew(step.address))
      return {}
    }
    if ('close' in step) {
      await host.close()
      return {}
    }
    const { exec, timeoutMs, padBytes = 0, digest = false } = step
    const script = `${`#${'x'.repeat(98)}\n`.repeat(padBytes / 100)}${exec}`
    const { status, stdout, stderr } = await host.exec(script, timeoutMs === undefined ? {} : { timeoutMs })
    const hash = () => `${stdout.length} ${createHash('sha256').update(stdout).digest('hex')}`
    return { status, stdout: digest ? hash() : stdout.toString('latin1'), stderr }
  } catch (error) {
    if (!(error instanceof LxcnetError)) throw error
    const { code, message, exit, suggestions } = error
    return { error: { code, message, exit, suggestions } }
  }
}

await main()

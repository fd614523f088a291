/** `plan --out FILE` and `apply FILE`: a plan that was looked at is the one that is carried out, or none is. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { exit, LxcnetError } from '../core/error.ts'
import type { Target } from '../core/target.ts'
import type { ChangeReport } from '../report/change.ts'
import type { Drawn } from './apply-site.ts'
import { change, type Draft, type Mandate } from './change.ts'
import type { Context } from './context.ts'
import { nounsNamed, siteProbes } from './site-objects.ts'

export interface PlanFile {
  schema: 'lxcnet.plan/1'
  /** ISO 8601. */
  made: string
  /** The site file that it was made from, as given. */
  site: string
  hosts: HostPlan[]
}

export interface HostPlan {
  /** How to log in; without secrets. */
  target: Target
  lxcpath: string
  /** What has to be read so that the digest comes out the same. */
  includes: string[]
  /** Nouns whose probes were read as well; files of before there were any lack it. */
  nouns?: string[]
  /** Digest of what the plan was made from, see host/snapshot.ts. */
  reads: string
  /** Contents are latin1 text: one character is one byte. */
  draft: Draft
}

/** @param hosts those that would be changed */
export function writePlan(file: string, site: string, hosts: readonly { context: Context; drawn: Drawn }[]): void {
  const plan: PlanFile = {
    schema: 'lxcnet.plan/1',
    made: new Date().toISOString(),
    site,
    hosts: hosts.map(({ context, drawn: { reading, draft } }) => ({
      target: withoutSecrets(context.target ?? { name: context.host.name }),
      lxcpath: context.lxcpath,
      includes: reading.includes,
      nouns: draft.nouns,
      reads: reading.snapshot.digest,
      draft: {
        summary: draft.summary,
        changes: draft.changes,
        notes: draft.notes,
        leftOut: draft.leftOut,
        containers: draft.containers,
        ...(draft.reach === undefined ? {} : { reach: draft.reach }),
        ...(draft.links === undefined ? {} : { links: draft.links }),
      },
    })),
  }
  const path = Buffer.from(file, 'latin1')
  const temp = Buffer.from(`${file}.${process.pid}.new`, 'latin1')
  try {
    if (existsSync(path)) readPlan(file) // a plan takes the place of a plan, and of nothing else
    // configs of containers are not everybody's to read
    writeFileSync(temp, `${JSON.stringify(plan, null, 1)}\n`, { mode: 0o600, flag: 'wx' })
    renameSync(temp, path)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(temp, { force: true }) // that one is another's
    throw new LxcnetError('unwritable', `the plan cannot be written to ${file}`, {
      exit: exit.data,
      cause,
      suggestions: ['--out names a new file, or one that an earlier plan is in'],
    })
  }
}

const withoutSecrets = ({ sudoPassword: _, ...target }: Target): Target => target

/** @throws {LxcnetError} `bad-plan` */
export function readPlan(file: string): PlanFile {
  let text: string
  try {
    text = readFileSync(Buffer.from(file, 'latin1'), 'utf8')
  } catch (cause) {
    throw new LxcnetError('bad-plan', `${file} cannot be read`, {
      exit: exit.data,
      cause,
      suggestions: ['`lxcnet plan --out FILE` makes one; the site file is named by -f'],
    })
  }
  try {
    const plan = JSON.parse(text) as PlanFile
    if (plan.schema === 'lxcnet.plan/1' && Array.isArray(plan.hosts) && plan.hosts.every(isHostPlan)) return plan
  } catch {
    // said below
  }
  throw new LxcnetError('bad-plan', `${file} is no plan that \`lxcnet plan --out\` wrote`, {
    exit: exit.data,
    suggestions: ['a site file is named by -f'],
  })
}

/** lxcnet wrote it; this is for files that are something else, or were cut. */
const isHostPlan = (host: Partial<HostPlan> | null): boolean =>
  typeof host?.target?.name === 'string' &&
  typeof host.reads === 'string' &&
  Array.isArray(host.includes) &&
  Array.isArray(host.nouns ?? []) &&
  typeof host.lxcpath === 'string' &&
  [host.draft?.changes, host.draft?.notes, host.draft?.summary, host.draft?.leftOut, host.draft?.containers].every(
    Array.isArray,
  )

/** @throws {LxcnetError} `stale` when the host is no longer what the plan was made from */
export function applyPlan(context: Context, plan: HostPlan, mandate: Mandate): Promise<ChangeReport> {
  return change(
    { ...context, lxcpath: plan.lxcpath },
    {
      ...mandate,
      files: plan.includes,
      probes: siteProbes(context, nounsNamed(plan.nouns ?? [])),
      draft: ({ snapshot }) => {
        if (snapshot.digest === plan.reads) return plan.draft
        throw new LxcnetError('stale', `${context.host.name} is no longer what the plan was made from`, {
          exit: exit.failed,
          suggestions: ['make the plan again: `lxcnet plan --out FILE`'],
        })
      },
    },
  )
}

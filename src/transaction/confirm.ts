/**
 * The end of an armed change that waits: it is confirmed, or taken back before its time. templates/deadman.sh decides it
 * there, by one rename, against the watcher that takes it back when the time is up.
 */
import { randomBytes } from 'node:crypto'
import { exit, LxcnetError } from '../core/error.ts'
import { quote } from '../core/shell.ts'
import type { Host } from '../host/port.ts'
import { type Frames, frames, preamble, type Scope, whole } from '../host/snapshot.ts'
import { ordered, type Plan } from '../plan/plan.ts'
import { refuse } from './refusal.ts'
import { engine, type Final, finalsOf } from './transaction.ts'

/**
 * What has become of an armed change. running: it is still being carried out, or taken back. unknown: there is none of
 * that id, or it never came to wait. undone and failed: its time is up, as for a change that a step ended.
 */
export interface Verdict {
  result: 'confirmed' | 'undone' | 'failed' | 'running' | 'unknown'
  /** Files that someone else had changed meanwhile and that were left alone, or what could not be taken back. */
  detail: string
  /** Commands that waited for the confirmation. */
  finals: Final[]
}

/** Keeps an armed change; again is no harm. To be called over a connection that was made after the change. */
export const confirm = (host: Host, scope: Scope, id: string): Promise<Verdict> => decide(host, scope, 'confirm', id)

/**
 * Takes an armed change back now, as if its time were up; one that was confirmed stays.
 *
 * @throws {LxcnetError} `locked` while somebody else takes it back
 */
export const rollbackAwaiting = (host: Host, scope: Scope, id: string): Promise<Verdict> =>
  decide(host, scope, 'expire', id)

async function decide(host: Host, scope: Scope, verb: 'confirm' | 'expire', id: string): Promise<Verdict> {
  const nonce = randomBytes(8).toString('hex')
  const script = whole([
    preamble(scope, nonce, []),
    ...engine(),
    `lx_main() {\n  lx_${verb} ${quote(scope.state)} ${quote(id)}\n  lx_frame end 0 - ''\n}`,
    'lx_main',
  ])
  const { list } = frames(await host.exec(script), nonce, host.name)
  refuse(list, host.name, scope)
  const detail =
    list
      .find(({ kind }) => kind === 'recovered')
      ?.text.replace(/^\w+ ?/, '')
      .trim() ?? ''
  return { result: resultOf(list, host.name, id), detail, finals: finalsOf(list, stepsOf(list)) }
}

function resultOf(list: Frames['list'], host: string, id: string): Verdict['result'] {
  for (const { kind, text } of list) {
    if (kind === 'confirmed' || kind === 'running' || kind === 'unknown') return kind
    if (kind === 'expired') return text === 'undone' || text === 'failed' ? text : 'running'
  }
  throw new LxcnetError('interrupted', `${host}: the shell that decided on ${id} was ended in the middle`, {
    exit: exit.failed,
    suggestions: ['`lxcnet history` tells what became of it'],
  })
}

function stepsOf(list: Frames['list']): ReturnType<typeof ordered> {
  const text = list.find(({ kind }) => kind === 'plan')?.text
  return text === undefined ? [] : ordered((JSON.parse(Buffer.from(text, 'latin1').toString()) as Plan).changes)
}

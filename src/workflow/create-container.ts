/** `create --template`: lxc-create makes the container, then the NIC is added to it as to any other. */
import { randomBytes } from 'node:crypto'
import { exit, LxcnetError } from '../core/error.ts'
import { quoteAll } from '../core/shell.ts'
import { frames } from '../host/snapshot.ts'
import type { Container } from '../nic/index.ts'
import type { RunChange } from '../plan/plan.ts'
import type { ChangeReport } from '../report/change.ts'
import { templateText } from '../template/template.ts'
import type { ChangeOptions } from './change.ts'
import { judge, refuseErrors } from './consent.ts'
import { type Context, readView, type View } from './context.ts'
import { type CreateRequest, createNic } from './create-nic.ts'
import { withHooks } from './nouns/ovs/hooks.ts'
import { switchProbes } from './switches.ts'

/** How making the container ended: it was there already, the work ends with this report, or this command made it. */
export type Made = { report: ChangeReport } | { step: RunChange } | undefined

/**
 * Makes the container when it is not there; what lxc-create made is never destroyed by a later rollback.
 *
 * Shows and asks for the whole: lxc-create, and the NIC as it will be in a config that starts as default.conf.
 */
export async function createContainer(
  context: Context,
  request: CreateRequest,
  { template, args }: { template: string; args: readonly string[] },
  options: Pick<ChangeOptions, 'dryRun' | 'allow' | 'confirm'>,
): Promise<Made> {
  const reading = await readView(context, { containers: [], probes: switchProbes })
  const { view, snapshot } = reading
  if (view.containers.has(request.container)) return undefined
  if (context.scope.root !== '') {
    throw new LxcnetError(
      'no-container',
      `there is no container "${request.container}", and no commands run under --root`,
      { exit: exit.usage, suggestions: ['make it with lxc-create first'] },
    )
  }
  // bad input must not leave a container behind: the NIC is judged before there is one
  const text = snapshot.files.get(defaultConfig)?.text ?? ''
  const there = { ...reading, view: withNew(view, request.container, text) }
  const draft = withHooks(context, there, createNic(context, there.view, request))
  const notes = judge(draft.notes, options.allow)
  refuseErrors(notes)
  const behind = args.length > 0 ? ['--', ...args] : []
  const argv = ['lxc-create', '-P', view.lxcpath, '-n', request.container, '-t', template, ...behind]
  const step: RunChange = { kind: 'run', argv, why: `makes ${request.container}; a rollback leaves it`, impact: 'live' }
  const report: ChangeReport = {
    schema: 'lxcnet.change/1',
    host: context.host.name,
    result: 'planned',
    id: null,
    reason: null,
    rollback: null,
    summary: [`${request.container}: made by lxc-create`, ...draft.summary],
    changes: [step, ...draft.changes],
    notes,
    leftOut: [],
    pending: [],
  }
  if (options.dryRun) return { report }
  if (!(await options.confirm(report))) return { report: { ...report, result: 'declined' } }
  await run(context, argv)
  return { step }
}

/** The NIC was added to a container that this command made, or was not: either way it is said. */
export async function afterMaking(
  step: RunChange,
  container: string,
  adding: Promise<ChangeReport>,
): Promise<ChangeReport> {
  try {
    const report = await adding
    return {
      ...report,
      summary: [`${container}: made by lxc-create`, ...report.summary],
      changes: [step, ...report.changes],
    }
  } catch (error) {
    if (!(error instanceof LxcnetError)) throw error
    const { code, message, exit: status, place, suggestions } = error
    const left = `${container} was made by lxc-create and is left without the NIC`
    throw new LxcnetError(code, `${message}\n${left}`, {
      exit: status,
      suggestions,
      ...(place === undefined ? {} : { place }),
    })
  }
}

/** What lxc-create copies into a new container's config, lxc-create(1). */
const defaultConfig = '/etc/lxc/default.conf'

/** The host as if the container were there. */
function withNew(view: View, name: string, text: string): View {
  const path = `${view.lxcpath}/${name}/config`
  const container: Container = {
    name,
    path,
    text,
    mode: 0o640,
    uid: 0,
    gid: 0,
    effective: view.evaluate(path, text),
    state: 'stopped',
    live: undefined,
  }
  return { ...view, containers: new Map([...view.containers, [name, container]]) }
}

async function run(context: Context, argv: readonly string[]): Promise<void> {
  const nonce = randomBytes(8).toString('hex')
  const script = [
    `lx_root='' lx_nonce=${nonce}`,
    templateText('host.sh'),
    `lx_main() {\n  lx_out=$(${quoteAll(argv)} 2>&1 </dev/null)\n  lx_frame run "$?" create "$lx_out"\n}`,
    'lx_main\n',
  ].join('\n')
  const [answer] = frames(await context.host.exec(script), nonce, context.host.name).list
  if (answer?.status === 0) return
  const said = answer?.text.trim().split('\n').slice(-4).join('\n') ?? ''
  throw new LxcnetError('lxc-create-failed', `lxc-create exited with ${answer?.status}: ${said}`, {
    exit: exit.failed,
    suggestions: [quoteAll(argv)],
  })
}

/** `create --template`: lxc-create makes the container, then the NIC is added to it as to any other. */
import { randomBytes } from 'node:crypto'
import { exit, LxcnetError } from '../core/error.ts'
import { quoteAll } from '../host/shell.ts'
import { frames } from '../host/snapshot.ts'
import type { Container } from '../nic/index.ts'
import type { ChangeReport } from '../report/change.ts'
import { templateText } from '../template/template.ts'
import { type ChangeOptions, judge, refuseErrors } from './change.ts'
import { type Context, readView, type View } from './context.ts'
import { type CreateRequest, createNic } from './create-nic.ts'

/**
 * Makes the container when it is not there; what lxc-create made is never destroyed by a later rollback.
 *
 * @returns a report when the work ends here (--dry-run, or the answer was no); undefined to go on with the NIC
 */
export async function createContainer(
  context: Context,
  request: CreateRequest,
  { template, args }: { template: string; args: readonly string[] },
  options: Pick<ChangeOptions, 'dryRun' | 'allow' | 'confirm'>,
): Promise<ChangeReport | undefined> {
  const { view, snapshot } = await readView(context, { containers: [] })
  if (view.containers.has(request.container)) return undefined
  if (context.scope.root !== '') {
    throw new LxcnetError(
      'no-container',
      `there is no container "${request.container}", and no commands run under --root`,
      { exit: exit.usage, suggestions: ['make it with lxc-create first'] },
    )
  }
  // bad input must not leave a container behind: the NIC is judged before there is one
  const draft = createNic(
    context,
    withNew(view, request.container, snapshot.files.get(defaultConfig)?.text ?? ''),
    request,
  )
  refuseErrors(judge(draft.notes, options.allow))
  const argv = [
    'lxc-create',
    '-P',
    view.lxcpath,
    '-n',
    request.container,
    '-t',
    template,
    ...(args.length > 0 ? ['--', ...args] : []),
  ]
  const report: ChangeReport = {
    schema: 'lxcnet.change/1',
    host: context.host.name,
    result: 'planned',
    id: null,
    reason: null,
    summary: [`${request.container}: made by lxc-create, then gets its NIC`],
    changes: [{ kind: 'run', argv, why: `makes ${request.container}; not taken back by a rollback`, impact: 'live' }],
    notes: draft.notes,
    leftOut: [],
    pending: [],
  }
  if (options.dryRun) return report
  if (!(await options.confirm(report))) return { ...report, result: 'declined' }
  await run(context, argv)
  return undefined
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

/** From what a site file says of one host to the changes there: made, set, and the site's own taken away. */
import type { Draft } from './change.ts'
import { type Context, isUp, type Reading, type View } from './context.ts'
import { restartOf, type Touch, withTexts } from './nic-change.ts'
import { Desk } from './noun/desk.ts'
import { ovs } from './nouns/ovs/ovs.ts'
import { nicWork } from './site-nics.ts'
import { nounsOf, objectTasks, type Task } from './site-objects.ts'
import { readRecord, recordPath, recordText } from './site-record.ts'
import type { Difference, SiteRequest } from './site-request.ts'
import { withSwitches, writeHooks } from './site-switches.ts'

export interface SiteDraft extends Draft {
  differences: Difference[]
  /** Nouns whose probes the plan was made from. */
  nouns: string[]
}

export function siteDraft(context: Context, reading: Reading, request: SiteRequest): SiteDraft {
  const { site, restart } = request
  const record = readRecord(context, reading.snapshot, site.name)
  const next = { ...record, containers: { ...record.containers }, objects: { ...record.objects } }
  const desk = new Desk(context, reading)
  const tasks = objectTasks(context, reading, request, next)
  const switches = tasks.filter(({ noun }) => noun === ovs)
  desk.view = withSwitches(
    desk.view,
    switches.flatMap(({ wishes }) => wishes),
  )
  const { touches, notes, differences } = nicWork(context, desk.view, request, next)
  desk.note(...notes)
  const { containers } = desk.view
  const early = tasks.filter(({ noun }) => noun.after === undefined)
  // what a bridge that goes has on it, the NICs of this plan that go as well do not count
  if (early.length > 0) desk.view = withTexts(desk.view, touches)
  for (const task of early) carryOut(desk, task)
  desk.view = { ...desk.view, containers }
  for (const { why } of touches) desk.say(why)
  desk.touch(touches, { restart })
  if (touches.length > 0 && switches.length === 0) writeHooks(desk, reading)
  for (const task of tasks.filter(({ noun }) => noun.after === 'nics')) carryOut(desk, task)
  if (restart) restartTouched(desk, containers, touches)
  const why = `remembers what the site ${site.name} set here`
  desk.write(recordPath(context, site.name), recordText(next), { why, mode: 0o600, record: true })
  return {
    ...desk.draft(),
    differences: [...tasks.flatMap((task) => task.differences), ...differences],
    nouns: nounsOf(site, context.host.name, record).map(({ noun }) => noun),
  }
}

/** Containers that nouns have changed: those of the NICs alone were seen to with them. */
function restartTouched(desk: Desk, before: View['containers'], touches: readonly Touch[]): void {
  const seen = new Set(touches.map(({ container }) => container.name))
  for (const [name, { text }] of desk.view.containers) {
    const old = before.get(name)
    if (old === undefined || old.text === text || seen.has(name) || !isUp(old, desk.view)) continue
    for (const step of restartOf(name, desk.view.lxcpath)) if (step.kind === 'run') desk.final(step.argv, step)
  }
}

function carryOut(desk: Desk, { noun, wishes, notes }: Task): void {
  desk.note(...notes)
  noun.plan(desk, wishes)
}

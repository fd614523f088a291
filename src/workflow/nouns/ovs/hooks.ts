/** The hooks that LXC runs for NICs on a switch: on the host as long as somebody needs them. */
import { compareVersions } from '../../../core/version.ts'
import { type Container, hookDown, hookUp, plugOf } from '../../../nic/index.ts'
import { hookText } from '../../../template/template.ts'
import type { Draft } from '../../change.ts'
import { type Context, isUp, type Reading } from '../../context.ts'
import type { Settings } from '../../noun/noun.ts'
import { findSwitches } from './find.ts'

export interface HookFile {
  path: string
  text: string | null
  why: string
}

/**
 * The hooks as they shall be. What a running container was started with it still runs as it stops.
 *
 * @param containers as they will be
 * @param switches settings of lxcnet's own, as they will be
 */
export function hookFiles(
  { view, snapshot }: Reading,
  containers: Iterable<Container>,
  switches: readonly Settings[],
): HookFile[] {
  const uses = ({ effective }: Container): boolean => effective.nics.some((nic) => plugOf(nic) !== undefined)
  const isOld = view.version !== undefined && compareVersions(view.version, '5.0.0') < 0
  const wanted =
    [...containers].some(uses) ||
    [...view.containers.values()].some((container) => isUp(container, view) && uses(container)) ||
    switches.some((settings) => isOld || settings.get('datapath')?.[0] === 'netdev')
  return [hookUp, hookDown].flatMap((path) => {
    const have = snapshot.files.get(path)?.text
    const text = wanted ? hookText(path.slice(path.lastIndexOf('/') + 1)) : null
    const why = wanted ? 'plugs NICs into switches of Open vSwitch' : 'no NIC needs it any more'
    return text === (have ?? null) ? [] : [{ path, text, why }]
  })
}

/** A change of NICs, with the hooks that they need, or need no more. */
export function withHooks(context: Context, reading: Reading, draft: Draft): Draft {
  const { view, snapshot } = reading
  const texts = new Map(
    draft.changes.flatMap((step) => (step.kind === 'file' && step.after !== null ? [[step.path, step.after]] : [])),
  )
  if (texts.size === 0) return draft
  const after = [...view.containers.values()].map((container) => {
    const text = texts.get(container.path)
    return text === undefined ? container : { ...container, text, effective: view.evaluate(container.path, text) }
  })
  const own = findSwitches(reading).flatMap((one) => (one.own ? [one.settings] : []))
  const files = hookFiles(reading, after, own).map(({ path, text, why }) => {
    const before = snapshot.files.get(path)?.text ?? null
    return { kind: 'file', path, before, after: text, mode: 0o755, ...context.owner, why, impact: 'live' } as const
  })
  return { ...draft, changes: [...files, ...draft.changes] }
}

/** `lxcnet upgrade`: lxc.network.* and the other names of LXC before 2.1 become today's. */
import { parse } from '../document/lxc-config.ts'
import { upgrade } from '../document/upgrade.ts'
import type { Note } from '../plan/plan.ts'
import type { Draft } from './change.ts'
import type { Context, View } from './context.ts'
import { draftOf, type Touch } from './nic-change.ts'
import { selectContainers } from './select.ts'

export function upgradeConfigs(context: Context, view: View, select: string, restart: boolean): Draft {
  const notes: Note[] = []
  const touches = selectContainers(view, select).map((container): Touch => {
    const { lines, changes, problems } = upgrade(parse(container.text))
    const telling = problems.filter(({ severity }) => changes.length > 0 || severity === 'error')
    notes.push(
      ...telling.map(
        (problem): Note => ({
          severity: problem.severity,
          code: problem.code,
          message: `${container.name}: ${problem.message}`,
          place: { ...problem.place, file: container.path },
        }),
      ),
    )
    const what =
      changes.length === 0
        ? 'is already in the syntax of LXC 2.1 and later'
        : `${changes.length} lines become the syntax of LXC 2.1 and later`
    return { container, lines, indexes: [], why: `${container.name}: ${what}` }
  })
  const draft = draftOf(context, view, touches, { restart })
  return { ...draft, notes: [...notes, ...draft.notes] }
}

/** `lxcnet upgrade`: lxc.network.* and the other names of LXC before 2.1 become today's. */
import { LxcnetError } from '../core/error.ts'
import { parse, print } from '../document/lxc-config.ts'
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
  for (const { container, lines } of touches) {
    const after = view.evaluate(container.path, print(lines))
    const old = after.problems.find(({ code, place }) => /^(legacy|mixed)-/.test(code) && place.file !== container.path)
    if (old !== undefined)
      throw new LxcnetError(
        'include-not-upgraded',
        `${container.name}: ${old.place.file} is in the old syntax too, and lxcnet does not edit includes`,
        {
          place: old.place,
          suggestions: [
            `bring it up to date on a copy: lxc-update-config -c COPY; or put its lines into ${container.path}`,
          ],
        },
      )
  }
  const draft = draftOf(context, view, touches, { restart })
  return { ...draft, notes: [...notes, ...draft.notes] }
}

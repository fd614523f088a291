/** What the first object of a host brings along for all that come after it, and what goes with the last of them. */
import { pieceFolder, piecePath, readPieces, runnerPath, starters } from '../../boot/index.ts'
import type { Change } from '../../plan/plan.ts'
import type { Reading } from '../context.ts'

/**
 * Who needs a file that a plan has brought, once that plan is taken back: any piece needs what has it brought back at
 * boot; a piece, or the config of a container, needs the program that it names.
 *
 * @returns the path of one who does
 */
export function neededBy(
  { snapshot, view }: Reading,
  changes: readonly Change[],
): (path: string) => string | undefined {
  const before = new Map(changes.flatMap((step) => (step.kind === 'file' ? [[step.path, step.before] as const] : [])))
  const asBefore = (path: string, now: string): string => (before.has(path) ? (before.get(path) ?? '') : now)
  const pieces = [...readPieces(snapshot)].filter(([name]) => before.get(piecePath(name)) !== null)
  const texts = [
    ...pieces.map(([name, text]) => [piecePath(name), asBefore(piecePath(name), text)] as const),
    ...[...view.containers.values()].map(({ path, text }) => [path, asBefore(path, text ?? '')] as const),
  ]
  const starting = [runnerPath, ...Object.values(starters).map(({ path }) => path)]
  return (path) => {
    if (starting.includes(path)) return pieces.map(([name]) => piecePath(name))[0]
    // pieces are told by the files that they change; only programs are named by others
    return path.startsWith(`${pieceFolder}/`) ? undefined : texts.find(([, text]) => text.includes(path))?.[0]
  }
}

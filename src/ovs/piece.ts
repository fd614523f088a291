/** A switch as a file in /etc/lxcnet/net.d: words of the command line as shell variables, templates/boot/ovs.sh below. */
import { ovsWords } from './words.ts'

const prefix = '20-ovs-'

export const ovsPiece = (name: string): string => prefix + name

/** The switch that a piece is of. */
export const switchOfPiece = (piece: string): string | undefined =>
  piece.startsWith(prefix) ? piece.slice(prefix.length) : undefined

const variable = (flag: string): string => flag.replaceAll('-', '_')

/** Word → values to variables, all of them said. */
export const ovsVariables = (name: string, settings: ReadonlyMap<string, readonly string[]>): Map<string, string> =>
  new Map([
    ['name', name],
    ...ovsWords.map(({ flag }) => [variable(flag), (settings.get(flag) ?? []).join(' ')] as const),
  ])

/** The way back: what is not said is not in it. */
export const ovsSettings = (variables: ReadonlyMap<string, string>): Map<string, string[]> =>
  new Map(
    ovsWords
      .map(({ flag }) => [flag, (variables.get(variable(flag)) ?? '').split(' ').filter(Boolean)] as const)
      .filter(([, texts]) => texts.length > 0)
      .map(([flag, texts]) => [flag, [...texts]]),
  )

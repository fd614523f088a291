/** What `create`, `set`, `delete`, `list` and `show` have in common for every noun. A command names its noun, and no more. */
import { Args, Flags, type Interfaces } from '@oclif/core'
import { exit, LxcnetError } from '../core/error.ts'
import type { ChangeReport } from '../report/change.ts'
import type { FleetReport } from '../report/fleet.ts'
import { type ObjectsReport, objectsText, objectText } from '../report/objects.ts'
import { changeNoun, checkName, settingsOf, wishChanged, wishGone, wishNew } from '../workflow/noun/change-noun.ts'
import { listNoun } from '../workflow/noun/list-noun.ts'
import type { Noun } from '../workflow/noun/noun.ts'
import { ChangeCommand, type ChangeFlags } from './change-command.ts'
import { LxcnetCommand } from './lxcnet-command.ts'

/** The words of a noun as flags of a command. */
export const flagsOf = ({ words }: Noun): Interfaces.FlagInput =>
  Object.fromEntries(
    words.map(({ flag, summary, helpValue = 'VALUE', list, required = false, value }) => {
      const common = { description: summary, required }
      if (value.kind === 'choice') return [flag, Flags.string({ ...common, options: [...value.of] })]
      return [
        flag,
        list
          ? Flags.string({ ...common, helpValue, multiple: true, multipleNonGreedy: true, delimiter: ',' })
          : Flags.string({ ...common, helpValue }),
      ]
    }),
  )

/** The texts of flags that are words of a noun. */
export const textsOf = ({ words }: Noun, flags: Record<string, unknown>): Record<string, string[]> =>
  Object.fromEntries(
    words.flatMap(({ flag }) => {
      const given = flags[flag]
      return given === undefined ? [] : [[flag, (Array.isArray(given) ? given : [given]).map(String)]]
    }),
  )

export const nameArg = ({ name: { words } }: Noun, required = true) =>
  Args.string({ required, ignoreStdin: true, description: words })

export const assignmentArg = Args.string({
  required: true,
  ignoreStdin: true,
  description: 'WORD=VALUE, several values with commas between, none to unset it; more may follow',
})

export abstract class CreateCommand extends ChangeCommand {
  protected create(noun: Noun, name: string, flags: ChangeFlags): Promise<ChangeReport | FleetReport> {
    const want = settingsOf(noun, textsOf(noun, { ...flags }))
    checkName(noun, name)
    return this.change(
      flags,
      () => (context, mandate) => changeNoun(context, noun, (found) => [wishNew(noun, name, want, found)], mandate),
    )
  }
}

export abstract class SetCommand extends ChangeCommand {
  protected set(noun: Noun, [name = '', ...words]: string[], flags: ChangeFlags): Promise<ChangeReport | FleetReport> {
    const change = new Map<string, readonly string[]>()
    for (const word of words) {
      const { flag, texts } = assignment(noun, word)
      change.set(flag, texts.length === 0 ? [] : (settingsOf(noun, { [flag]: texts }).get(flag) ?? []))
    }
    return this.change(
      flags,
      () => (context, mandate) =>
        changeNoun(context, noun, (found) => [wishChanged(noun, name, change, found)], mandate),
    )
  }
}

/** `word=value`, `word=one,two`, `word=` for none. @throws {LxcnetError} `usage`, `unknown-key` */
function assignment({ noun, words }: Noun, text: string): { flag: string; texts: string[] } {
  const [, flag = '', value = ''] = /^([a-z0-9-]+)=(.*)$/s.exec(text) ?? []
  const usual = words.map((word) => word.flag).join(', ')
  if (flag === '')
    throw new LxcnetError('usage', `${JSON.stringify(text)} is not word=value`, {
      exit: exit.usage,
      suggestions: [`a ${noun} has ${usual}`],
    })
  const word = words.find((one) => one.flag === flag)
  if (word === undefined)
    throw new LxcnetError('unknown-key', `a ${noun} has no "${flag}"`, {
      exit: exit.usage,
      suggestions: [`it has ${usual}`],
    })
  return { flag, texts: value === '' ? [] : word.list ? value.split(',') : [value] }
}

export abstract class DeleteCommand extends ChangeCommand {
  protected delete(noun: Noun, name: string, flags: ChangeFlags): Promise<ChangeReport | FleetReport> {
    return this.change(
      flags,
      () => (context, mandate) => changeNoun(context, noun, (found) => [wishGone(noun, name, found)], mandate),
    )
  }
}

export abstract class ListCommand extends LxcnetCommand {
  /** @param columns words that have a column of their own */
  protected list(
    noun: Noun,
    columns: readonly string[],
    flags: Parameters<ListCommand['inspect']>[0],
  ): Promise<ObjectsReport | FleetReport<ObjectsReport>> {
    return this.inspect(
      flags,
      (context) => listNoun(context, noun),
      (report, width) => objectsText(report, { columns, argument: noun.name.argument }, width),
    )
  }
}

export abstract class ShowCommand extends LxcnetCommand {
  protected showOne(
    noun: Noun,
    name: string | undefined,
    flags: Parameters<ShowCommand['inspect']>[0],
  ): Promise<ObjectsReport | FleetReport<ObjectsReport>> {
    return this.inspect(flags, (context) => listNoun(context, noun, name), objectText)
  }
}

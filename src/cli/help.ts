/** Help as text: printed by main when it was not foreseen, and prerendered by build.ts for all that was. */
import { CommandHelp, type Config, Help } from '@oclif/core'

/** The flags that every command has are listed below its own, not in each usage line. */
class Page extends CommandHelp {
  protected override defaultUsage(): string {
    const whole = this.command
    const flags = Object.entries(whole.flags).filter(
      ([, { helpGroup }]) => helpGroup !== 'GLOBAL' && helpGroup !== 'HOSTS',
    )
    this.command = { ...whole, flags: Object.fromEntries(flags) }
    const usage = super.defaultUsage()
    this.command = whole
    return usage
  }
}

class HelpText extends Help {
  protected override CommandHelpClass = Page
  text = ''

  protected override log(...lines: string[]): void {
    const text = lines.join(' ')
    const isSummary = /^\S[^\n]*\n$/.test(text) // the one thing that oclif does not wrap
    this.text += `${isSummary ? this.wrap(text, 0) : text}\n`
  }

  /** Without oclif's line about the version of Node.js and the machine: the text is made where lxcnet is built. */
  override formatRoot(): string {
    const { bin, pjson, version } = this.config
    const usage = this.section('USAGE', `$ ${bin} COMMAND [ARGUMENT...] [FLAG...]\n$ ${bin} help [COMMAND]`)
    return `${this.wrap(`${bin} ${version}. ${pjson.description}.`, 0)}\n\n${usage}`
  }
}

/** @param words a command, a topic, or nothing */
export async function helpText(words: string[], config: Config): Promise<string> {
  const help = new HelpText(config, config.pjson.oclif.helpOptions)
  await help.showHelp(words)
  return `${help.text.trimEnd()}\n`
}

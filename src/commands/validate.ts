import { Flags } from '@oclif/core'
import { problemText } from '../cli/failure.ts'
import { LxcnetCommand } from '../cli/lxcnet-command.ts'
import { exit } from '../core/error.ts'
import { readable } from '../report/table.ts'
import { type ValidateReport, validateSummary } from '../report/validate.ts'
import { type JsonSchema, siteSchema } from '../site/index.ts'
import { siteTable, usualSiteFile, validateSite } from '../workflow/site-file.ts'

export default class Validate extends LxcnetCommand {
  static override summary = 'Check the site file, without asking any host.'
  static override description =
    'Says everything that is wrong with it at once, each with its line; exits 65 on errors. lxcnet.yaml(5) describes the file.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --file production.yaml',
    {
      description: 'Let an editor help:',
      command: '<%= config.bin %> <%= command.id %> --schema > lxcnet.schema.json',
    },
  ]
  static override flags = {
    schema: Flags.boolean({ description: 'print the JSON schema of site files, and stop' }),
  }

  async run(): Promise<ValidateReport | JsonSchema> {
    const { flags } = await this.parse(Validate)
    if (flags.schema) {
      const schema = siteSchema(siteTable)
      this.show(JSON.stringify(schema, null, 2))
      return schema
    }
    const report = validateSite(flags.file ?? usualSiteFile, new Set(flags.allow))
    for (const { severity, fix, ...problem } of report.problems)
      this.show(`${problemText(severity, { ...problem, suggestions: [fix] }, process.stdout)}\n`)
    this.show(readable(validateSummary(report)))
    if (report.site === null) process.exitCode = exit.data
    return report
  }
}

import { existsSync, writeFileSync } from 'node:fs'
import { Flags } from '@oclif/core'
import { LxcnetCommand } from '../cli/lxcnet-command.ts'
import { exit, LxcnetError } from '../core/error.ts'
import { type ImportReport, importText } from '../report/import.ts'
import { readView } from '../workflow/context.ts'
import { fleetExit, readFleet } from '../workflow/fleet.ts'
import { type HostReading, importReads, importSite } from '../workflow/import-site.ts'
import { inventoryNames } from '../workflow/open.ts'
import { siteTable } from '../workflow/site-file.ts'

export default class Import extends LxcnetCommand {
  static override summary = 'Write a site file from live hosts.'
  static override description =
    'Nothing is changed on the hosts. Behind each value stands the file and line it was read from. That the plan of the new file is empty is proved before it is written. Without --out it goes to standard output.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> -g all --out lxcnet.yaml',
    '<%= config.bin %> <%= command.id %> -H root@203.0.113.5',
  ]
  static override flags = {
    out: Flags.string({ helpValue: 'FILE', description: 'write it to this new file' }),
    site: Flags.string({ helpValue: 'NAME', description: 'name of the site; hosts remember by it what a site set' }),
  }

  async run(): Promise<ImportReport> {
    const { flags } = await this.parse(Import)
    const { out, site } = flags
    const file = out === undefined || flags['dry-run'] ? undefined : Buffer.from(out, 'latin1')
    if (file !== undefined && existsSync(file)) {
      throw new LxcnetError('file-exists', `${out} is there already; import never writes over a site file`, {
        exit: exit.usage,
        suggestions: ['name another file, compare the two, and take over what you want'],
      })
    }
    return this.at(flags, async ({ contexts, parallel }) => {
      const all = await readFleet(contexts, parallel, (context) => readView(context, importReads(context, site)))
      const readings = all.hosts.flatMap(({ report }, at): HostReading[] => {
        const context = contexts[at]
        return report === null || context === undefined ? [] : [{ context, reading: report }]
      })
      const failed = all.hosts.filter(({ report }) => report === null)
      const [first] = failed
      if (readings.length === 0)
        throw new LxcnetError(first?.code ?? 'unreachable', first?.reason ?? 'no host', {
          exit: fleetExit(all),
          suggestions: [...(first?.suggestions ?? [])],
        })
      const { text, ...counts } = importSite(readings, site, await inventoryNames(flags), siteTable)
      const unreachable = failed.map(({ host, reason }) => ({ host, reason: reason ?? '' }))
      const report: ImportReport = {
        schema: 'lxcnet.import/1',
        file: file === undefined ? null : (out ?? null),
        text,
        ...counts,
        unreachable,
      }
      if (file !== undefined) writeNew(file, out ?? '', text)
      else if (!this.jsonEnabled()) process.stdout.write(text, 'latin1')
      if (!this.jsonEnabled() && !this.quiet) process.stderr.write(`${importText(report)}\n`)
      process.exitCode = fleetExit(all)
      return report
    })
  }
}

function writeNew(file: Buffer, name: string, text: string): void {
  try {
    writeFileSync(file, text, { encoding: 'latin1', flag: 'wx' })
  } catch (cause) {
    throw new LxcnetError('unwritable', `the site file cannot be written to ${name}`, {
      exit: exit.data,
      cause,
      suggestions: ['name a file in a directory that you may write to'],
    })
  }
}

/**
 * What LXC sees of a config: includes in place, the last scalar, the sum of lists, what a `type` wipes.
 *
 * Source: `parse_line()`, `set_config_jump_table_net()` and `set_config_includefiles()` in liblxc's confile.c.
 * A file that LXC refuses is evaluated all the same, as if the refused lines were right, so that it can be shown.
 */
import type { Place } from '../core/error.ts'
import { compareVersions } from '../core/version.ts'
import { modernKey } from './legacy-keys.ts'
import { encodingFinding, type Finding, textFinding, valueFinding } from './line-problems.ts'
import { isProxmox, type Line, lineEnd, type Setting } from './lxc-config.ts'
import { type NetKey, parseNetKey } from './net-key.ts'
import type { KeyRules, Nic, Overridden, Where } from './nic.ts'
import { NicSet } from './nic-set.ts'
import type { Problem } from './problem.ts'

export type { Nic, Overridden, Value } from './nic.ts'
export type { Problem } from './problem.ts'

export interface Source {
  /** Path that places name, and by which an include cycle is recognised. */
  file: string
  lines: Line[]
}

export interface Effective {
  /** By index; in a file of both styles the modern NIC first. */
  nics: Nic[]
  problems: Problem[]
  /** Every include met, as written. */
  includes: string[]
  overridden: Overridden[]
}

export interface EvaluateOptions extends KeyRules {
  /** A file gives one source, a directory its `*.conf` in the order LXC meets them; undefined when it is missing. */
  include(path: string): Source[] | undefined
}

/** Includes that go on under ever new names, or double without end, are cut off here. */
const mostIncludes = 10_000
const deepestInclude = 100

export function evaluate(own: Source, options: EvaluateOptions): Effective {
  return new Evaluation(options).run(own)
}

class Evaluation {
  readonly options: EvaluateOptions
  readonly problems: Problem[] = []
  readonly includes: string[] = []
  readonly nics: NicSet
  /** Files being read, the own first. */
  readonly stack: Source[] = []
  readonly met = { modern: false, legacy: false, mixed: false, includes: 0 }
  /** What is said once for each file: code and file. */
  readonly said = new Set<string>()
  // Rules of releases, found once and not for each line.
  readonly keepsCarriageReturn: boolean
  readonly refusesLegacy: boolean
  readonly refusesModern: boolean

  constructor(options: EvaluateOptions) {
    this.options = options
    this.nics = new NicSet({
      ...options,
      wipes: !this.before('4.0.7'),
      report: (finding, line) => this.report(finding, line),
    })
    this.refusesLegacy = !this.before('3.0.0')
    this.refusesModern = this.before('2.1.0')
    this.keepsCarriageReturn = this.before('3.0.4') || (!this.before('3.1.0') && this.before('3.2.0'))
  }

  run(own: Source): Effective {
    if (isProxmox(own.lines)) {
      this.problems.push({
        code: 'proxmox-file',
        severity: 'warning',
        message: "the file is Proxmox VE's, not LXC's",
        place: { file: own.file, line: 1 },
      })
    }
    this.read(own)
    this.nics.finish()
    return {
      nics: this.nics.list(),
      problems: this.problems,
      includes: this.includes,
      overridden: this.nics.overridden,
    }
  }

  /** Is the host's LXC older than that? Not if it is unknown. */
  before(version: string): boolean {
    return this.options.lxcVersion !== undefined && compareVersions(this.options.lxcVersion, version) < 0
  }

  read(source: Source): void {
    const inside = this.stack.length === 0 ? 'own' : 'include'
    this.stack.push(source)
    const encoding = encodingFinding(source.lines)
    if (encoding !== undefined)
      this.report(encoding, { file: source.file, line: 1, inside, text: source.lines[0]?.raw ?? '' })
    let number = 0
    let ended = true
    for (const line of source.lines) {
      // what follows a NUL byte stands on the same line as what precedes it
      if (ended || line.kind !== 'unread') number++
      ended = lineEnd(line.raw) !== ''
      if (line.kind === 'setting') this.apply(line, { file: source.file, line: number, inside, text: line.raw })
      else if (
        line.kind !== 'blank' &&
        line.kind !== 'comment' &&
        (encoding === undefined || (encoding.code === 'byte-order-mark' && number > 1))
      ) {
        const finding = textFinding(line)
        if (finding !== undefined)
          this.report(finding, {
            file: source.file,
            line: number,
            inside,
            text: line.kind === 'unread' ? '' : line.raw,
          })
      }
    }
    this.stack.pop()
  }

  apply(setting: Setting, where: Where): void {
    const { key } = setting
    if (this.keepsCarriageReturn && setting.raw.includes('\r')) {
      this.once(
        {
          code: 'carriage-return',
          severity: 'error',
          message: `LXC ${this.options.lxcVersion} takes the CR at the end of the line into the value`,
        },
        where,
      )
    }
    const net = parseNetKey(key)
    const finding = valueFinding(setting, net !== undefined && 'sub' in net ? net.sub : undefined)
    if (finding !== undefined) this.report(finding, where)
    if (net !== undefined) {
      this.checkStyle(net, where)
      this.nics.apply(net, setting, where)
    } else if (key === 'lxc.include') this.include(setting, where)
    else this.checkLegacyKey(key, where)
  }

  checkStyle(net: NetKey, where: Where): void {
    const style = net.style === 'bad' ? 'bad' : net.style.startsWith('legacy') ? 'legacy' : 'modern'
    if (style === 'bad') return
    const of = this.options.lxcVersion === undefined ? '' : ` ${this.options.lxcVersion}`
    if (style === 'legacy' && this.refusesLegacy) {
      this.once(
        { code: 'legacy-refused', severity: 'error', message: `LXC${of || ' 3.0 and later'} refuses lxc.network keys` },
        where,
      )
    }
    if (style === 'modern' && this.refusesModern) {
      this.once({ code: 'modern-refused', severity: 'error', message: `LXC${of} does not know lxc.net keys` }, where)
    }
    this.met[style] = true
    if (!this.met.modern || !this.met.legacy || this.met.mixed) return
    this.met.mixed = true
    this.report(
      { code: 'mixed-styles', severity: 'error', message: 'lxc.net and lxc.network keys stand together' },
      where,
    )
  }

  checkLegacyKey(key: string, where: Where): void {
    if (!this.refusesLegacy) return
    const modern = modernKey(key)
    if (modern === undefined) return
    const message =
      modern === '' ? `LXC dropped ${key} in 3.0` : `LXC dropped ${key} in 3.0; it is called ${modern} now`
    this.report({ code: 'legacy-key', severity: 'error', message }, where)
  }

  include(setting: Setting, where: Where): void {
    const path = setting.value
    if (path === '') return // forgets which files were included, not what they said
    this.includes.push(path)
    const at = { at: setting.at, length: setting.written.length }
    if (!path.startsWith('/')) {
      this.report(
        {
          code: 'include-relative',
          severity: 'warning',
          message: `LXC looks for "${path}" where the command is run, not beside this file`,
          ...at,
        },
        where,
      )
    }
    const sources = this.options.include(path)
    if (sources === undefined) {
      const directory = path.endsWith('/') // LXC is content with a missing directory if it is written as one
      this.report(
        { code: 'include-missing', severity: directory ? 'warning' : 'error', message: `${path} is not there`, ...at },
        where,
      )
      return
    }
    const setNics = sources.filter(
      ({ lines }) => sources.length > 1 && lines.some((line) => line.kind === 'setting' && parseNetKey(line.key)),
    )
    if (setNics.length > 1) {
      const message = `${setNics.map(({ file }) => file).join(' and ')} set NICs, and LXC reads them in no fixed order`
      this.report({ code: 'include-unsorted', severity: 'warning', message, ...at }, where)
    }
    for (const source of sources) {
      const endless = this.stack.length > deepestInclude || ++this.met.includes > mostIncludes
      const cycle = endless || this.stack.some(({ file }) => file === source.file)
      if (cycle)
        this.report(
          {
            code: 'include-cycle',
            severity: 'error',
            message: `${source.file} includes itself; LXC crashes on it`,
            ...at,
          },
          where,
        )
      else this.read(source)
    }
  }

  once(finding: Finding, where: Where): void {
    const what = `${finding.code} ${where.file}`
    if (this.said.has(what)) return
    this.said.add(what)
    this.report(finding, where)
  }

  report({ code, severity, message, at, length }: Finding, where: Where): void {
    const text = where.text.slice(0, where.text.length - lineEnd(where.text).length)
    const from = at ?? text.length - text.trimStart().length
    const place: Place = { file: where.file, line: where.line }
    if (text !== '') Object.assign(place, { column: from + 1, length: length ?? Math.max(1, text.trim().length), text })
    this.problems.push({ code, severity, message, place })
  }
}

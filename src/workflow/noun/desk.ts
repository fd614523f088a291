/**
 * Where the nouns, and the NICs of a site, put down what shall change on one host, and see what the others have.
 *
 * What runs is one plan: first the commands that need the files as they were (lxc-net stopped, a link taken down), in the
 * reverse of the order in which they were put down; then all files, each once; then the commands that need the files as
 * they are to be; last what cannot be taken back. So the way back, which is the reverse, brings the old files before the
 * commands that go with them.
 */
import { type Init, pieceFolder, piecePath, readInit, readPieces, runnerPath, starters } from '../../boot/index.ts'
import { exit, LxcnetError } from '../../core/error.ts'
import { print } from '../../document/lxc-config.ts'
import type { HostLink } from '../../nic/index.ts'
import { type Change, type FileChange, type Impact, type Note, type RunChange, shown } from '../../plan/plan.ts'
import { templateText } from '../../template/template.ts'
import type { Draft } from '../change.ts'
import type { Context, Reading, View } from '../context.ts'
import { draftOf, type Touch } from '../nic-change.ts'

interface Write {
  text: string | null
  why: string
  impact: Impact
  mode: number
  record: boolean
  settings: boolean
}

export interface WriteOptions {
  why: string
  /** live when it is left out. */
  impact?: Impact
  /** Of a new file; 0644 when it is left out. */
  mode?: number
  /** As in FileChange. */
  record?: boolean
  settings?: boolean
}

export interface RunOptions {
  /** Takes it back; must succeed also when the command never ran. */
  undo: string[]
  why: string
  impact?: Impact
  /** Must succeed once everything is applied. */
  check?: string[]
}

export interface PieceOptions {
  why: string
  /** Of bringing it up, or taking it down. */
  impact?: Impact
  /** `up` of a changed piece makes what is there into what it says, so that nothing has to be taken down before. */
  converges?: boolean
  /** What it reads is another file now: it is brought up anew also when its own text stays. */
  again?: boolean
}

export class Desk {
  readonly context: Context
  readonly reading: Reading
  /** The host as it will be: configs and links that were put down are in it. */
  view: View
  private readonly writes = new Map<string, Write>()
  private readonly pieces = new Map<string, { text: string | null } & PieceOptions>()
  private readonly befores: RunChange[] = []
  private readonly afters: RunChange[] = []
  private readonly finals: RunChange[] = []
  private readonly notes: Note[] = []
  private readonly summary: string[] = []
  private readonly leftOut: string[] = []
  private readonly containers = new Set<string>()
  private readonly reach: string[] = []

  constructor(context: Context, reading: Reading) {
    this.context = context
    this.reading = reading
    this.view = reading.view
  }

  /** A file as it will be; undefined when there is none. Symbolic links are followed. */
  text(path: string): string | undefined {
    const real = this.real(path)
    const write = this.writes.get(real)
    return write === undefined ? this.reading.snapshot.files.get(real)?.text : (write.text ?? undefined)
  }

  /** @param text null to remove the file */
  write(path: string, text: string | null, options: WriteOptions): void {
    const { why, impact = 'live', mode = 0o644, record = false, settings = false } = options
    const real = this.real(path)
    if (this.reading.snapshot.unreadable.has(path)) {
      throw new LxcnetError('unreadable', `${path} cannot be read`, {
        exit: exit.noRights,
        suggestions: ['run lxcnet as root'],
      })
    }
    const earlier = this.writes.get(real)
    const reasons = [...new Set([...(earlier === undefined ? [] : [earlier.why]), why])].join('; ')
    this.writes.set(real, {
      text,
      why: reasons,
      impact: worse(earlier?.impact ?? 'live', impact),
      mode,
      record,
      settings,
    })
  }

  /** A command that needs the files as they were. */
  before(argv: string[], options: RunOptions): void {
    this.befores.unshift(run(argv, options))
  }

  /** A command that needs the files as they will be. */
  after(argv: string[], options: RunOptions): void {
    this.afters.push(run(argv, options))
  }

  /** A command that cannot be taken back: it runs once all else is settled. */
  final(argv: string[], { why, impact = 'live' }: { why: string; impact?: Impact }): void {
    this.finals.push({ kind: 'run', argv, why, impact })
  }

  /** What outlives a boot only because lxcnet brings it back. @param text null to take it away */
  piece(name: string, text: string | null, options: PieceOptions): void {
    this.pieces.set(name, { text, ...options })
  }

  /** A piece as it will be. */
  pieceText(name: string): string | undefined {
    const own = this.pieces.get(name)
    return own === undefined ? this.text(piecePath(name)) : (own.text ?? undefined)
  }

  /** Of the pieces that are put down, also those that go. */
  pieceNames(): string[] {
    return [...this.pieces.keys()]
  }

  /** Configs of containers as they shall become, with the restarts that were asked for. */
  touch(touches: readonly Touch[], { restart }: { restart: boolean }): void {
    const { changes, notes, leftOut } = draftOf(this.context, this.view, touches, { restart })
    for (const change of changes) {
      if (change.kind === 'file') {
        const { path, after, why, impact, mode } = change
        this.write(path, after, { why, impact, mode })
      } else if (!this.finals.some(({ argv }) => argv.join('\0') === change.argv.join('\0'))) {
        this.finals.push(change) // touched twice, a container is restarted once
      }
    }
    this.notes.push(...notes)
    this.leftOut.push(...leftOut)
    const containers = new Map(this.view.containers)
    for (const { container, lines } of touches) {
      const text = print(lines)
      const effective = this.view.evaluate(container.path, text)
      containers.set(container.name, { ...container, text, effective })
      this.containers.add(container.name)
    }
    this.view = { ...this.view, containers }
  }

  /** A link that this plan makes, so that what hangs on it is not taken for a mistake. @param link null for one that goes */
  promise(name: string, link: (Pick<HostLink, 'kind'> & Partial<HostLink>) | null): void {
    if (this.view.links === undefined) return
    const links = new Map(this.view.links)
    if (link === null) links.delete(name)
    else links.set(name, { ...emptyLink, ...links.get(name), ...link, name })
    this.view = { ...this.view, links }
  }

  /** An address at which the host can be reached afterwards, when this plan moves the one it was reached at. */
  reachAt(address: string): void {
    this.reach.push(address)
  }

  note(...notes: readonly Note[]): void {
    this.notes.push(...notes)
  }

  /** A line on what is done: "bridge lxcbr1: made, with uplink eth1". */
  say(line: string): void {
    this.summary.push(line)
  }

  draft(): Draft {
    this.settlePieces()
    const { live } = this.context.scope
    const made = [...(this.view.links?.keys() ?? [])].filter((name) => !this.reading.view.links?.has(name))
    const runs = [...this.befores, ...this.afters, ...this.finals]
    const left = live ? [] : runs.filter(({ argv }) => argv[0] !== 'true')
    const leftOut = left.map(({ argv }) => `${shown(argv)}: no commands run under --root`)
    const files = [...this.writes].flatMap(([path, write]) => this.fileChange(path, write))
    const changes: Change[] = live ? [...this.befores, ...files, ...this.afters, ...this.finals] : files
    return {
      summary: this.summary,
      changes,
      notes: this.notes,
      leftOut: [...this.leftOut, ...leftOut],
      containers: [...this.containers],
      ...(this.reach.length === 0 ? {} : { reach: this.reach }),
      ...(made.length === 0 ? {} : { links: made }),
    }
  }

  private real(path: string): string {
    return this.reading.snapshot.links.get(path) ?? path
  }

  private fileChange(path: string, { text, why, impact, mode, record, settings }: Write): FileChange[] {
    const file = this.reading.snapshot.files.get(path)
    const before = file?.text ?? null
    if (before === text) return []
    const { uid, gid } = file ?? this.context.owner
    const own = { ...(record ? ({ record } as const) : {}), ...(settings ? ({ settings } as const) : {}) }
    return [{ kind: 'file', path, before, after: text, mode: file?.mode ?? mode, uid, gid, why, impact, ...own }]
  }

  /** The files of pieces, the commands that go with them, and what the first and the last of them bring and take along. */
  private settlePieces(): void {
    const old = readPieces(this.reading.snapshot)
    for (const [name, { text, why, impact = 'live', converges = false, again = false }] of this.pieces) {
      const before = old.get(name)
      if ((before ?? null) === text && !(again && before !== undefined)) continue
      const path = piecePath(name)
      const call = (verb: string): string[] => ['sh', path, verb]
      const stays = converges && before !== undefined && text !== null
      if (before !== undefined) {
        const old = text === null ? why : 'takes down what the old settings made'
        this.before(stays ? nothing : call('down'), { undo: call('up'), why: stays ? why : old, impact })
      }
      this.write(path, text, { why, mode: 0o755, settings: true })
      if (text !== null)
        this.after(call('up'), { undo: stays ? nothing : call('down'), why, impact, check: call('check') })
    }
    const left = new Set(old.keys())
    for (const [name, { text }] of this.pieces) text === null ? left.delete(name) : left.add(name)
    if (this.pieces.size === 0 || (old.size === 0) === (left.size === 0)) return
    this.settleStarter(readInit(this.reading.snapshot), left.size > 0)
  }

  private settleStarter(init: Init, wanted: boolean): void {
    const why = wanted ? `brings back at boot what is in ${pieceFolder}` : 'nothing is left to bring back at boot'
    this.write(runnerPath, wanted ? templateText('boot/boot.sh') : null, { why, mode: 0o755, record: true })
    if (init === 'none') {
      if (wanted)
        this.notes.push({
          severity: 'warning',
          code: 'no-boot',
          message: 'lxcnet knows no way to be started when this host boots',
          fix: `have it run \`sh ${runnerPath}\` when the network is up and before the containers start`,
        })
      return
    }
    const { path, template, mode, enable, disable } = starters[init]
    this.write(path, wanted ? templateText(`boot/${template}`) : null, { why, mode, record: true })
    if (wanted) this.after(enable, { undo: disable, why })
    else this.before(disable, { undo: enable, why })
  }
}

/** Where a command has its part on the way back, or on the way there, alone. */
export const nothing = ['true']

const run = (argv: string[], { undo, why, impact = 'live', check }: RunOptions): RunChange => ({
  kind: 'run',
  argv,
  undo,
  why,
  impact,
  ...(check === undefined ? {} : { check }),
})

const ranks: readonly Impact[] = ['live', 'reconnect', 'restart', 'host-path']
const worse = (a: Impact, b: Impact): Impact => (ranks.indexOf(a) > ranks.indexOf(b) ? a : b)

const emptyLink: HostLink = {
  name: '',
  kind: '',
  index: 0,
  peerIndex: undefined,
  mac: '',
  mtu: 1500,
  up: true,
  loopback: false,
  master: undefined,
  parent: undefined,
  addresses: [],
  vlanId: undefined,
  mode: undefined,
  vlanFiltering: false,
  defaultPvid: undefined,
}

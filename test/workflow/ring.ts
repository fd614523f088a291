/** A noun that there is not, each of whose objects is a file of `word=value` lines; and a host that is a table of files. */
import { LxcnetError } from '../../src/core/error.ts'
import type { Snapshot } from '../../src/host/snapshot.ts'
import type { Draft } from '../../src/workflow/change.ts'
import { type Context, type Reading, viewOf } from '../../src/workflow/context.ts'
import type { Found, Noun } from '../../src/workflow/noun/noun.ts'

const folder = '/etc/rings/'
const head = '# written by lxcnet\n'

export const ring: Noun = {
  noun: 'ring',
  section: 'rings',
  summary: 'rings of the host',
  name: { pattern: /^[a-z][a-z0-9]*$/, words: 'small letters and digits', argument: 'RING' },
  words: [
    { flag: 'uplink', list: false, required: true, summary: 'what it hangs on', value: { kind: 'text' } },
    { flag: 'member', list: true, summary: 'what is on it', value: { kind: 'text' } },
    { flag: 'mode', list: false, summary: 'who reaches whom', value: { kind: 'choice', of: ['open', 'shut'] } },
  ],
  probes: () => [],
  check: (flag, text) =>
    text.includes('?') ? { code: 'bad-link', message: `${flag}: "${text}"`, fix: 'a name' } : { value: text },
  find: (_, { snapshot }) =>
    [...snapshot.files].filter(([path]) => path.startsWith(folder)).map(([path, { text }]) => foundRing(path, text)),
  plan(desk, wishes) {
    for (const { name, want, have } of wishes) {
      const lines = [...(want ?? [])].flatMap(([flag, texts]) => texts.map((text) => `${flag}=${text}\n`)).sort()
      const text = (have === undefined || have.own ? head : '') + lines.join('')
      desk.write(folder + name, want === undefined ? null : text, { why: `ring ${name}` })
      if (want?.get('uplink')?.[0] === 'nolink')
        desk.note({ severity: 'error', code: 'link-not-found', message: `ring ${name}: there is no link nolink` })
      if (text !== desk.reading.snapshot.files.get(folder + name)?.text) desk.say(`ring ${name}`)
    }
  },
  inspect: (_, { snapshot }) =>
    [...snapshot.files].flatMap(([path, { text }]) =>
      text.includes('member=lost')
        ? [{ severity: 'error', code: 'link-not-found', message: `ring ${path.slice(folder.length)} lost one` }]
        : [],
    ),
}

function foundRing(path: string, text: string): Found {
  if (text.includes('garbage')) throw new LxcnetError('unreadable', `${path} is not a ring`)
  const settings = new Map<string, string[]>()
  for (const [, flag = '', value = ''] of text.matchAll(/^([a-z]+)=(.*)$/gm))
    settings.set(flag, [...(settings.get(flag) ?? []), value])
  return { name: path.slice(folder.length), settings, from: path, state: 'up', own: text.startsWith(head) }
}

/** A host in memory. */
export class Table {
  readonly files: Map<string, string>
  readonly context: Context

  constructor(files: Record<string, string> = {}, { live = false, name = 'h1' } = {}) {
    this.files = new Map(Object.entries(files))
    this.context = {
      host: {
        name,
        exec: () => Promise.reject(new Error('asked')),
        anew: () => this.context.host,
        close: async () => {},
      },
      scope: { root: live ? '' : '/tree', live, state: '/var/lib/lxcnet' },
      lxcpath: '',
      fallback: '/var/lib/lxc',
      lxcVersion: undefined,
      owner: { uid: 0, gid: 0 },
      unprivileged: false,
      user: 'root@test',
      command: 'lxcnet test',
      place: [],
      now: () => new Date(0),
      random: () => 0,
    }
  }

  /** @param answers what commands printed, by their ids */
  reading(answers: Record<string, string> = {}): Reading {
    const snapshot: Snapshot = {
      files: new Map([...this.files].map(([path, text]) => [path, { text, mode: 0o640, uid: 7, gid: 8 }])),
      listing: [...this.files.keys()],
      links: new Map(),
      directories: new Set(),
      unreadable: new Set(),
      answers: new Map(Object.entries(answers).map(([id, text]) => [id, { status: 0, text }])),
      entries: new Map(),
      digest: '',
    }
    return { view: viewOf(this.context, snapshot, new Set()), snapshot, probes: [], includes: [] }
  }

  /** Files become what a draft makes of them. */
  carryOut({ changes }: Draft): void {
    for (const step of changes) {
      if (step.kind !== 'file') continue
      if (step.after === null) this.files.delete(step.path)
      else this.files.set(step.path, step.after)
    }
  }

  ring(name: string): string | undefined {
    return this.files.get(folder + name)
  }
}

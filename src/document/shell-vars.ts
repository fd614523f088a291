/**
 * Lossless view of a file of settings that a POSIX shell sources, such as /etc/default/lxc-net.
 *
 * Every byte sits in exactly one `ShellLine.raw`, so `print(parse(text)) === text`. What is no plain assignment stays as
 * it is: lxcnet edits a line only where nothing but that line decides. Grammar: POSIX.1-2017, Shell Command Language 2.
 */

/** A piece of a value: its text, or the name of the variable that stands there. */
export type Part = { text: string } | { variable: string }

/** An assignment on a line of its own; `off` when it is commented out. The value's word, quotes included, is raw.slice(at, end). */
export interface Assignment {
  kind: 'assignment' | 'off'
  raw: string
  name: string
  parts: readonly Part[]
  at: number
  end: number
}

export type ShellLine =
  | Assignment
  | { kind: 'blank' | 'comment'; raw: string }
  /** `. FILE`, also as `[ ! -f FILE ] || . FILE`. */
  | { kind: 'source'; raw: string; path: readonly Part[] }
  /** A command, or several lines that are one. `sets` are the variables that it may set. */
  | { kind: 'other'; raw: string; sets: readonly string[] }

export const print = (lines: readonly ShellLine[]): string => lines.map((line) => line.raw).join('')

export function parse(text: string): ShellLine[] {
  const lines: ShellLine[] = []
  let depth = 0
  for (let at = 0; at < text.length; ) {
    const first = text.slice(at, lineEnd(text, at))
    const plain = depth === 0 ? parseLine(first) : undefined
    if (plain !== undefined) lines.push(plain)
    else {
      const command = scanCommand(text, at)
      depth = Math.max(0, depth + command.depth)
      const raw = text.slice(at, command.end)
      lines.push({ kind: 'other', raw, sets: setBy(raw) })
    }
    at += lines.at(-1)?.raw.length ?? 0
  }
  return lines
}

/** Variables that a command may set: `A=1`, `A+=1`, `${A:=1}`, `for A in`. */
const setBy = (raw: string): string[] =>
  [...raw.matchAll(/([A-Za-z_]\w*)(?=[:+]?=)|\bfor[ \t]+([A-Za-z_]\w*)/g)].map(([, name, each]) => name ?? each ?? '')

const lineEnd = (text: string, at: number): number => {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end + 1
}

function parseLine(raw: string): ShellLine | undefined {
  if (/^[ \t]*\n?$/.test(raw)) return { kind: 'blank', raw }
  const [, head = '', name = ''] = /^([ \t]*(?:#+[ \t]*)?(?:export[ \t]+)?([A-Za-z_]\w*)=)/.exec(raw) ?? []
  const off = /^[ \t]*#/.test(raw)
  const word = head === '' ? undefined : readWord(raw, head.length)
  if (word !== undefined && closes(raw.slice(word.end)))
    return { kind: off ? 'off' : 'assignment', raw, name, parts: word.parts, at: head.length, end: word.end }
  if (off) return { kind: 'comment', raw }
  const [, source = ''] = /^([ \t]*(?:\[ ! -f [^\s;&|]+ \] \|\| )?\.[ \t]+)/.exec(raw) ?? []
  const path = source === '' ? undefined : readWord(raw, source.length)
  if (path !== undefined && closes(raw.slice(path.end))) return { kind: 'source', raw, path: path.parts }
  return undefined
}

const closes = (rest: string): boolean => /^[ \t]*(?:;[ \t]*)?(?:#[^\n]*)?\n?$/.test(rest)

/** Characters that mean something to the shell outside quotes; a tilde may stand for a home. */
const special = /[|&()<>`*?[\]~{}!]/

/** The word at `at`; undefined when only a shell knows its value, or when it goes on in the next line. */
function readWord(raw: string, at: number): { parts: Part[]; end: number } | undefined {
  const parts: Part[] = []
  let quote = ''
  let end = at
  const add = (text: string): void => {
    const last = parts.at(-1)
    if (last !== undefined && 'text' in last) last.text += text
    else parts.push({ text })
  }
  while (end < raw.length) {
    const char = raw.charAt(end)
    if (quote === '' && /[ \t\n;]/.test(char)) return { parts, end }
    const variable = quote === "'" ? null : /^\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/.exec(raw.slice(end))
    if (variable !== null) {
      parts.push({ variable: variable[1] ?? variable[2] ?? '' })
      end += variable[0].length
      continue
    }
    if (char === quote) quote = ''
    else if (quote === "'") add(char)
    else if (char === '\\' || char === '$' || char === '`') {
      const next = raw.charAt(end + 1)
      // in double quotes the backslash stays before all other characters
      if (char !== '\\' || next === '' || next === '\n') return undefined
      add(quote === '' || '$`"\\'.includes(next) ? next : `\\${next}`)
      end += 2
      continue
    } else if (quote === '"') add(char)
    else if (char === "'" || char === '"') quote = char
    else if (special.test(char)) return undefined
    else add(char)
    end++
  }
  return quote === '' ? { parts, end } : undefined
}

/** Words after which further lines belong to the same command, and those that end it. */
const opening = /^(?:if|for|while|until|case|\{|.*\()$/
const closing = /^(?:fi|done|esac|\}|\))$/

/** The command at `at`: where its last line ends, and how many more blocks it opens than it closes. */
function scanCommand(text: string, at: number): { end: number; depth: number } {
  const found = { words: '', quote: '' }
  let end = at
  let here: string | undefined
  do {
    const line = text.slice(end, lineEnd(text, end))
    end += line.length
    if (here !== undefined) {
      if (line.trim() === here) here = undefined
      continue
    }
    const goesOn = scanLine(line, found)
    here = found.quote === '' ? /<<-?[ \t]*['"]?(\w+)/.exec(line)?.[1] : undefined
    if (!goesOn && here === undefined) break
  } while (end < text.length)
  const words = found.words.split(/[\s;&|]+/)
  return {
    end,
    depth: words.filter((word) => opening.test(word)).length - words.filter((word) => closing.test(word)).length,
  }
}

/** Takes in what is outside quotes and comments. @returns whether the command goes on in the next line */
function scanLine(line: string, found: { words: string; quote: string }): boolean {
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at)
    if (found.quote === "'") found.quote = char === "'" ? '' : "'"
    else if (char === '\\') {
      at++
      if (line.charAt(at) === '\n') return true
    } else if (found.quote === '"') found.quote = char === '"' ? '' : '"'
    else if (char === "'" || char === '"') found.quote = char
    else if (char === '#' && /[\s;&|]|^$/.test(line.charAt(at - 1))) {
      found.words += '\n'
      return false
    } else found.words += char
  }
  return found.quote !== ''
}

/** What a shell that sources the lines knows afterwards; undefined for what only a shell can tell. */
export type ShellValues = Map<string, string | undefined>

/** Commands after which nothing is sure. */
const hides =
  /(?:^|[\s;&|({`])(?:eval|exec|exit|return|set|unset|read|shift|trap|source|alias|export|readonly|\.)(?=[\s;)}]|$)/

/**
 * @param values what is known before; changed
 * @param sourced the lines of a file that is sourced; undefined when it is not there
 * @returns whether all of it is understood; if not, nothing in `values` is sure
 */
export function evaluate(
  lines: readonly ShellLine[],
  values: ShellValues,
  sourced: (path: string) => readonly ShellLine[] | undefined,
): boolean {
  const unsure = new Set(lines.flatMap((line) => (line.kind === 'other' ? line.sets : [])))
  for (const name of unsure) values.set(name, undefined)
  let sure = true
  for (const line of lines) {
    if (line.kind === 'assignment')
      values.set(line.name, unsure.has(line.name) ? undefined : textOf(line.parts, values))
    else if (line.kind === 'source') {
      const path = textOf(line.path, values)
      sure = path !== undefined && evaluate(sourced(path) ?? [], values, sourced) && sure
    } else if (line.kind === 'other' && hides.test(line.raw)) sure = false
  }
  for (const name of unsure) values.set(name, undefined) // a file that was sourced may have set them too
  return sure
}

const textOf = (parts: readonly Part[], values: ShellValues): string | undefined => {
  const texts = parts.map((part) => ('text' in part ? part.text : values.get(part.variable)))
  return texts.includes(undefined) ? undefined : texts.join('')
}

/** Why a variable is not edited. */
export type Obstacle = 'built' | 'command'

/**
 * Sets a variable where it stands last, else where it is commented out, else in a line of its own at the end.
 *
 * @param value characters that mean nothing in double quotes
 * @returns the lines, or why not: `built` from other variables, or set by a `command`
 */
export function assign(lines: readonly ShellLine[], name: string, value: string): ShellLine[] | Obstacle {
  if (lines.some((line) => line.kind === 'other' && line.sets.includes(name))) return 'command'
  const last = (kind: Assignment['kind']): Assignment | undefined =>
    lines.findLast((line): line is Assignment => line.kind === kind && line.name === name)
  const old = last('assignment') ?? last('off')
  if (old === undefined) {
    const raw = `${name}="${value}"\n`
    const end = lines.at(-1)
    const open = end !== undefined && !end.raw.endsWith('\n')
    return [
      ...lines.slice(0, -1),
      ...(end === undefined ? [] : [open ? { ...end, raw: `${end.raw}\n` } : end]),
      ...parse(raw),
    ]
  }
  if (old.kind === 'assignment' && old.parts.some((part) => 'variable' in part)) return 'built'
  const head = old.raw.slice(0, old.at)
  const raw = (old.kind === 'off' ? head.replace(/#+[ \t]*/, '') : head) + inStyle(old, value) + old.raw.slice(old.end)
  return lines.flatMap((line) => (line === old ? parse(raw) : [line]))
}

/** In the quotes that the old value had. */
function inStyle({ raw, at, end }: Assignment, value: string): string {
  const quote = raw.charAt(at)
  if (end > at && (quote === '"' || quote === "'")) return `${quote}${value}${quote}`
  return value === '' || /^[\w.:/,+-]+$/.test(value) ? value : `"${value}"`
}

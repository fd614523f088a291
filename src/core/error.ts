/**
 * The one error that a person can act on. Anything else that is thrown is a bug.
 *
 * What (message), where (place), the reason (message or cause) and the next command (suggestions). A code never
 * changes its meaning: scripts and `--allow` depend on it, and lxcnet-errors(7) documents each.
 */

/** A spot in a file: 1-based line and column as people count, `length` characters wide. */
export interface Place {
  file: string
  line: number
  column?: number
  length?: number
  /** The line's own text without its end, for the caret excerpt. */
  text?: string
}

/** What lxcnet exits with; lxcnet(1) EXIT STATUS. The numbers from 64 up follow sysexits(3). */
export const exit = {
  done: 0,
  failed: 1,
  pending: 2,
  someFailed: 3,
  unreachable: 4,
  rolledBack: 5,
  rollbackFailed: 6,
  usage: 64,
  data: 65,
  locked: 75,
  noRights: 77,
  interrupted: 130,
} as const

export interface ErrorDetail {
  exit?: number
  place?: Place
  /** Full sentences or commands a person can type next. */
  suggestions?: string[]
  cause?: unknown
}

export class LxcnetError extends Error {
  readonly code: string
  readonly exit: number
  readonly place: Place | undefined
  readonly suggestions: string[]

  constructor(code: string, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'LxcnetError'
    this.code = code
    this.exit = detail.exit ?? exit.data
    this.place = detail.place
    this.suggestions = detail.suggestions ?? []
  }
}

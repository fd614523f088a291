/** Names of changes, in the journal and in the history. */

/** `20261121-062708-4171f`: sorts by time, to the millisecond; two hex digits keep two runs of one instant apart. */
export function newId(now: Date): string {
  const [date, time, rest] = now.toISOString().replace(/[-:Z]/g, '').split(/[T.]/)
  const { randomBytes } = process.getBuiltinModule('node:crypto') // loaded with the first change, not with a `list`
  return `${date}-${time}-${rest}${randomBytes(1).toString('hex')}`
}

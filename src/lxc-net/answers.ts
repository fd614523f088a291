/** The parts of a snapshot that this room looks at. */
export interface Answers {
  files: Pick<ReadonlyMap<string, { text: string }>, 'get' | 'has'>
  links: ReadonlyMap<string, string>
  answers: Pick<ReadonlyMap<string, { status: number; text: string }>, 'get' | 'has'>
}

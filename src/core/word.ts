/** One flag of a command, which is a key of the same name in the site file. */
export interface Word {
  flag: string
  /** Takes several values. */
  list: boolean
  summary: string
  /** Words to choose from, a number, or any text. */
  value:
    | { kind: 'choice'; of: readonly string[] }
    | { kind: 'number'; least: number; most: number; word?: string }
    | { kind: 'text' }
  /** What stands for the value in the help: SUBNET. */
  helpValue?: string
  /** `create` has to be told. */
  required?: true
}

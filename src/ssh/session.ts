/** What the transports have in common: a login that starts shells, until it is closed or breaks. */
import type { Shell } from './shell.ts'

export interface Session {
  readonly isOpen: boolean
  /** @throws {LxcnetError} `unreachable`; nothing has been started then */
  start(commandLine: string): Promise<Shell>
  close(): Promise<void>
}

/** Something that is made when first needed, shared by all who need it, and made anew once it is no longer open. */
export class Lasting<T extends { readonly isOpen: boolean }> {
  readonly #make: () => Promise<T>
  #made: Promise<T> | undefined

  constructor(make: () => Promise<T>) {
    this.#make = make
  }

  async get(): Promise<T> {
    for (;;) {
      this.#made ??= this.#make()
      const made = this.#made
      const thing = await made.catch(() => undefined)
      if (thing?.isOpen) return thing
      if (this.#made === made) this.#made = undefined
      if (thing === undefined) return made // the same failure for all who waited; who asks next tries again
    }
  }

  /** What was made, if anything was and succeeded. */
  async made(): Promise<T | undefined> {
    return this.#made?.catch(() => undefined)
  }
}

/**
 * The private keys of a run, for the library ssh2: each file is read, asked for and decrypted once, however many hosts
 * it opens, since bcrypt holds up everything for 200 ms.
 *
 * What speaks against a file is kept and told when a login fails, as ssh(1) goes on to the next key, too.
 */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import pLimit from 'p-limit'
import type { ParsedKey } from 'ssh2'
import { quote } from '../core/shell.ts'
import { publicKeyIn } from './identity.ts'
import type { Login } from './login.ts'

export interface KeyProblem {
  file: string
  code: 'key-format' | 'key-missing' | 'key-mode' | 'key-passphrase' | 'key-unreadable'
  /** Begins with the file. */
  message: string
  /** A command. */
  fix: string
}

export class Keys {
  readonly #passphrase: (file: string) => Promise<string | undefined>
  readonly #loaded = new Map<string, Promise<ParsedKey | undefined>>()
  readonly #problems: KeyProblem[] = []
  /** One question at a time, whatever hosts wait for it. */
  readonly #ask = pLimit(1)

  /** @param passphrase asks a person; undefined where nobody answers */
  constructor(passphrase: (file: string) => Promise<string | undefined>) {
    this.#passphrase = passphrase
  }

  /** Why some of the files loaded so far serve no login: one a file. */
  get problems(): readonly KeyProblem[] {
    return this.#problems
  }

  /**
   * The keys of the login's identity files, in their order. Files that name a key of an agent by its public half are
   * left out.
   */
  async load(login: Login): Promise<{ file: string; key: ParsedKey }[]> {
    const found: { file: string; key: ParsedKey }[] = []
    for (const file of login.identityFiles) {
      const key = await this.#once(file)
      if (key !== undefined) found.push({ file, key })
    }
    return found
  }

  #once(file: string): Promise<ParsedKey | undefined> {
    let key = this.#loaded.get(file)
    if (key === undefined) {
      key = this.#loadFile(file)
      this.#loaded.set(file, key)
    }
    return key
  }

  async #loadFile(file: string): Promise<ParsedKey | undefined> {
    const text = await this.#read(file)
    if (text === undefined) return undefined
    const { default: ssh2 } = await import('ssh2')
    const key = ssh2.utils.parseKey(text)
    if (isUsable(key)) return key
    if (!wantsPassphrase(key)) return this.#refuse(file, 'key-format', ...formatProblem(file, text.toString('latin1')))
    const passphrase = await this.#ask(() => this.#passphrase(file))
    if (passphrase === undefined || passphrase === '') {
      return this.#refuse(file, 'key-passphrase', 'has a passphrase, which was not given', `ssh-add ${quote(file)}`)
    }
    const opened = ssh2.utils.parseKey(text, passphrase)
    if (isUsable(opened)) return opened
    return this.#refuse(file, 'key-passphrase', 'is not opened by the passphrase given', `ssh-add ${quote(file)}`)
  }

  async #read(file: string): Promise<Buffer | undefined> {
    try {
      const handle = await open(Buffer.from(file, 'latin1'), constants.O_RDONLY | constants.O_NONBLOCK)
      try {
        const { uid, mode } = await handle.stat()
        const text = await handle.readFile()
        // sshkey_perm_ok() in OpenSSH's authfile.c; a public key may be read by all.
        if (uid !== process.getuid?.() || (mode & 0o077) === 0 || publicKeyIn(text.toString('latin1'))) return text
      } finally {
        await handle.close()
      }
      return this.#refuse(file, 'key-mode', 'can be read by others', `chmod 600 ${quote(file)}`)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === undefined) throw error
      if (code === 'ENOENT' && isDefault(file)) return undefined
      if (code === 'ENOENT') return this.#refuse(file, 'key-missing', 'does not exist', `ls ${quote(dirname(file))}`)
      return this.#refuse(file, 'key-unreadable', `cannot be read: ${code}`, `ls -l ${quote(file)}`)
    }
  }

  #refuse(file: string, code: KeyProblem['code'], reason: string, fix: string): undefined {
    this.#problems.push({ file, code, message: `${file} ${reason}`, fix })
  }
}

/** ssh2 returns undefined for an OpenSSH file without any key in it, whatever its types say. */
const isUsable = (key: ParsedKey | Error | undefined): key is ParsedKey =>
  key !== undefined && !(key instanceof Error) && key.isPrivateKey()

/** lib/protocol/keyParser.js of ssh2 1.17, which gives its errors no code. */
const wantsPassphrase = (key: ParsedKey | Error | undefined): boolean =>
  key instanceof Error && key.message.endsWith('no passphrase given')

/** ssh tries these unasked; fill_default_options() in readconf.c. */
const isDefault = (file: string): boolean =>
  /\/\.ssh\/id_(rsa|dsa|ecdsa|ecdsa_sk|ed25519|ed25519_sk|xmss|mldsa44_ed25519)$/.test(file)

/** @returns what is wrong, to follow the file, and the command against it */
function formatProblem(file: string, text: string): [reason: string, fix: string] {
  if (publicKeyIn(text) !== undefined) {
    return [
      'holds a public key only, so that an agent must have the private one',
      `ssh-add ${quote(file.replace(/\.pub$/, ''))}`,
    ]
  }
  const rewrite = `ssh-keygen -p -f ${quote(file)}`
  if (/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text)) {
    return ['is in PKCS#8 form, which the built-in SSH does not read', rewrite]
  }
  return ['is no private key that the built-in SSH reads', rewrite]
}

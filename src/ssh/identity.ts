/** What an identity file tells without its passphrase. */
import { existsSync, readFileSync } from 'node:fs'
import { type PublicKey, parsePublicKey, publicKey } from './public-key.ts'

/**
 * The public half of an identity: in the file itself, in FILE.pub, or in the clear header of an OpenSSH private key, as
 * sshkey_load_public() in OpenSSH's authfile.c looks for it. Undefined where none can be read.
 */
export function publicHalf(file: string): PublicKey | undefined {
  const text = read(file)
  return publicKeyIn(text) ?? publicKeyIn(read(`${file}.pub`)) ?? publicKeyInHeader(text)
}

/** The key of a file that holds a public key only: the private one is in an agent or on a token. */
export function publicKeyIn(text: string): PublicKey | undefined {
  if (text.includes('-----BEGIN')) return undefined
  for (const line of text.split('\n')) {
    const key = line.startsWith('#') ? undefined : parsePublicKey(line)
    if (key !== undefined) return key
  }
  return undefined
}

/** PROTOCOL.key of OpenSSH: magic, cipher, kdf, kdf options, number of keys, public key 1 … */
function publicKeyInHeader(text: string): PublicKey | undefined {
  const [, base64 = ''] = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(text) ?? []
  const data = Buffer.from(base64, 'base64')
  const magic = 'openssh-key-v1\0'
  if (data.toString('latin1', 0, magic.length) !== magic) return undefined
  let at = magic.length
  const skipString = (): void => {
    at += 4 + (at + 4 <= data.length ? data.readUInt32BE(at) : 0)
  }
  skipString()
  skipString()
  skipString()
  at += 4
  const start = at + 4
  skipString()
  return publicKey(data.subarray(start, at))
}

function read(file: string): string {
  const path = Buffer.from(file, 'latin1')
  if (!existsSync(path)) return ''
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // A folder, or not ours to read; ssh tries the next one.
  }
}

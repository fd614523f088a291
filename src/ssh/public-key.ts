/** Public keys as known_hosts and `.pub` files write them: `ssh-ed25519 AAAA… comment`. */

export interface PublicKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`, `sk-ssh-ed25519@openssh.com` … */
  type: string
  /** As it travels on the wire, RFC 4253 section 6.6. */
  blob: Buffer
}

/** The key at the start of `text`, or undefined where there is none; as sshkey_read() in OpenSSH's sshkey.c. */
export function parsePublicKey(text: string): PublicKey | undefined {
  const [, type = '', base64 = ''] = /^[ \t]*([^ \t]+)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t\r]|$)/.exec(text) ?? []
  const blob = Buffer.from(base64, 'base64')
  const key = publicKey(blob)
  return key?.type === type && blob.toString('base64') === base64 ? key : undefined
}

/** The key whose bytes these are, or undefined where they are no whole plain key. */
export function publicKey(blob: Buffer): PublicKey | undefined {
  return isWhole(blob) ? { type: keyType(blob), blob } : undefined
}

/** The type that a key names first; '' for what is no key. */
export function keyType(blob: Buffer): string {
  return blob.length < 4 ? '' : blob.toString('latin1', 4, 4 + blob.readUInt32BE(0))
}

/** Every plain key is two or more strings, each with its length before it; a cut line ends within one. */
function isWhole(blob: Buffer): boolean {
  let at = 0
  let strings = 0
  while (at + 4 <= blob.length) {
    at += 4 + blob.readUInt32BE(at)
    strings += 1
  }
  return at === blob.length && strings >= 2
}

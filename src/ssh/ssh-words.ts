/** A target as words for ssh(1), checked before they reach a command line. */
import { LxcnetError } from '../core/error.ts'
import type { Target } from '../core/target.ts'

/**
 * Options of ssh(1) that say how to connect; the others would forward, detach, print and stop, or take the terminal.
 * -J is missing too: it ends ssh where a ProxyCommand stands before it, and a target has `jump`.
 */
const flags = '46AaCKkqTvXxY'
const withValue = 'BbceFIilmoPpS'

/**
 * What ssh(1) is called with for the target, all but the host: its own fields first, since ssh(1) keeps the first word
 * it gets on anything.
 *
 * @throws {LxcnetError} `bad-target`
 */
export function sshWords(target: Target): string[] {
  const { name, port, user, identityFile, jump, sshArgs = [] } = target
  checkHost(name, target.address ?? name)
  if (user !== undefined && !isUser(user)) throw badTarget(name, `the user "${printable(user)}"`)
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65535)) {
    throw badTarget(name, `the port ${port}`)
  }
  if (jump !== undefined && !isJump(jump)) throw badTarget(name, `the jump host "${printable(jump)}"`)
  checkOptions(name, sshArgs)
  const words = [
    ...(port === undefined ? [] : ['-p', `${port}`]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(identityFile === undefined ? [] : ['-i', identityFile]),
    ...(jump === undefined ? [] : ['-o', `ProxyJump=${jump}`]),
    ...sshArgs,
  ]
  for (const word of words) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
    if (/[\x00-\x1f\x7f]/.test(word)) throw badTarget(name, `"${printable(word)}"`)
    asArgument(name, word)
  }
  return words
}

/** @throws {LxcnetError} `bad-target` for what ssh(1) could take for an option, or a ProxyCommand's shell for more than a name */
export function checkHost(name: string, host: string): void {
  if (!isHost(host)) throw badTarget(name, `the host "${printable(host)}"`)
}

/** Node.js hands over text as UTF-8; words are bytes. */
export function asArgument(name: string, word: string): string {
  const text = Buffer.from(word, 'latin1').toString()
  if (Buffer.from(text).toString('latin1') !== word) throw badTarget(name, `"${printable(word)}", which is not UTF-8,`)
  return text
}

/** ssh_valid_hostname() in OpenSSH's readconf.c, which older versions lack. */
const isHost = (host: string): boolean => host !== '' && !host.startsWith('-') && !hostile.test(host)
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
const hostile = /['`"$\\;&<>|(){},\s\x00-\x1f\x7f]/

/** ssh_valid_ruser() in the same place, less blanks; users of a domain have a backslash within. */
const isUser = (user: string): boolean => /^[^-'`";&<>|(){}\s][^'`";&<>|(){}\s]*$/.test(user) && !user.endsWith('\\')

const isJump = (jump: string): boolean => jump.split(',').every((hop) => isHost(hop) && !/@-/.test(hop))

/** Every word must be an option or the value of one: any other would be the host for ssh(1), and the host a command. */
function checkOptions(name: string, words: readonly string[]): void {
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    const [, letter = '', value = ''] = new RegExp(`^-[${flags}]*([${withValue}]?)(.*)$`, 's').exec(word) ?? []
    const isValued = letter !== ''
    if (word.length < 2 || !word.startsWith('-') || (!isValued && value !== '')) {
      throw badTarget(name, `the ssh argument "${printable(word)}"`)
    }
    if (isValued && value === '') {
      index += 1
      if (index >= words.length) throw badTarget(name, `the ssh argument "${printable(word)}" without a value`)
    }
  }
}

function badTarget(name: string, what: string): LxcnetError {
  return new LxcnetError('bad-target', `${printable(name)}: ${what} cannot be given to ssh`, {
    suggestions: ['correct it in the inventory or on the command line'],
  })
}

/** Control characters must not reach the operator's terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f]/g, '?')

/** Names of links, as the kernel and LXC take them. */

/** IFNAMSIZ less the final NUL, linux/if.h; LXC cuts a longer name in silence. */
const longest = 15

/**
 * What is wrong with a name that LXC should give to a link, if anything.
 *
 * Kernel rules: net/core/dev.c, dev_valid_name(). LXC 5 itself fails on names of one byte (network.c).
 */
export function linkNameFault(name: string): string | undefined {
  if (name.length < 2) return 'is shorter than 2 characters, which LXC cannot rename a link to'
  if (name.length > longest) return `is longer than ${longest} bytes; LXC would cut it to "${name.slice(0, longest)}"`
  return existingNameFault(name)
}

/** The same for a link that exists already: one letter will do. */
export function existingNameFault(name: string): string | undefined {
  if (name === '') return 'is empty'
  if (name.length > longest) return `is longer than ${longest} bytes`
  if (name === '.' || name === '..') return 'is not a name'
  const bad = /[/:\s\0]/.exec(name)?.[0]
  if (bad !== undefined) return bad.trim() === '' ? 'contains white space' : `contains "${bad}"`
  return undefined
}

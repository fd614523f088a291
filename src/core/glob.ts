/** sh(1) pattern matching notation: `*`, `?`, `[a-z]`, `[!a]`. */

export const isGlob = (text: string): boolean => /[*?[]/.test(text)

/** The expression that fits the same whole words. */
export function globPattern(glob: string): RegExp {
  let source = ''
  for (let at = 0; at < glob.length; at++) {
    const char = glob[at] ?? ''
    const close = char === '[' ? glob.indexOf(']', at + 2) : -1
    if (char === '*') source += '.*'
    else if (char === '?') source += '.'
    else if (close !== -1) {
      source += `[${glob
        .slice(at + 1, close)
        .replace(/^!/, '^')
        .replaceAll('\\', '\\\\')}]`
      at = close
    } else source += char.replace(/[\\^$.|+(){}[\]]/g, '\\$&')
  }
  return new RegExp(`^${source}$`, 's')
}

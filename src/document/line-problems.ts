/**
 * What a single line of a config can have wrong whatever the other lines say: ignored text that was meant as a
 * setting, encodings, comments behind values, names that are too long.
 */
import type { Line, Setting } from './lxc-config.ts'
import type { Problem } from './problem.ts'

/** A problem without its place, which the caller knows. */
export type Finding = Pick<Problem, 'code' | 'message' | 'severity'> & { at?: number; length?: number }

/** Longest name of an interface: IFNAMSIZ of the kernel, without the NUL. */
const longestName = 15

/** Misspelt starts of a setting: `LXC.net.0.link =`, `lcx.net…`, ` .lxc.net…`, `lxc net.0…`, `net.0.link =`. */
const almostSetting =
  /^[^\w#;[/]*(?:(?:lxc|lcx|xlc|clx|xcl|lxd|lx|lc|ixc|1xc|lxcx)[\s._:-]*[a-z]+[\w.]*|net(?:work)?\.[\w.]+)\s*=/i

/** Settings of the lxc-net service, which belong to its own file. */
const lxcNetSetting = /^[ \t]*(?:export[ \t]+)?(?:LXC_[A-Z0-9_]+|USE_LXC_BRIDGE)=/

/** Problems of the file's first bytes. */
export function encodingFinding(lines: readonly Line[]): Finding | undefined {
  const raw = lines[0]?.raw ?? ''
  const next = lines[1]?.raw ?? ''
  const utf16 =
    /^(\xff\xfe|\xfe\xff)/.test(raw) || (lines[1]?.kind === 'unread' && raw.length === 1 && /^\0[^\0]\0/.test(next))
  if (utf16)
    return {
      code: 'utf-16',
      severity: 'error',
      message: 'the file is UTF-16, which LXC takes for a file without settings',
    }
  if (!raw.startsWith('\xef\xbb\xbf')) return undefined
  const lost = /^\xef\xbb\xbf[ \t]*lxc\./.test(raw)
  const message = `a byte order mark stands before line 1${lost ? ', so LXC ignores that setting' : ''}`
  return { code: 'byte-order-mark', severity: lost ? 'error' : 'warning', message }
}

/** For a line that LXC skips or refuses. */
export function textFinding(line: Line): Finding | undefined {
  if (line.kind === 'malformed') {
    return {
      code: 'malformed-line',
      severity: 'error',
      message: 'the line starts with "lxc." and has no "="; LXC refuses the file',
    }
  }
  if (line.kind === 'unread') {
    const lost = line.raw.includes('lxc.')
    return {
      code: 'nul-byte',
      severity: lost ? 'error' : 'warning',
      message: 'a NUL byte ends the file for LXC; the rest is ignored',
    }
  }
  if (line.kind !== 'foreign') return undefined
  const start = line.raw.slice(0, 200)
  if (lxcNetSetting.test(start)) {
    return {
      code: 'looks-like-setting',
      severity: 'warning',
      message: 'LXC ignores the line; it is a setting of the lxc-net service',
    }
  }
  if (!almostSetting.test(start)) return undefined
  return {
    code: 'looks-like-setting',
    severity: 'warning',
    message: 'LXC ignores the line: it does not start with "lxc."',
  }
}

/** Keys whose value any further text spoils; in others a `#` may do no harm, or be meant (script.up is run by a shell). */
const exactValues =
  /^(type|link|name|mtu|l2proxy|ipv[46]\.(address|gateway)|vlan\.id|veth\.(pair|mode|vlan\.id|vlan\.tagged\.id|ipv[46]\.route|n_[rt]xqueues)|(macvlan|ipvlan)\.\w+)$/

/** @param sub modern name of a NIC's key; undefined for all other settings */
export function valueFinding(line: Setting, sub: string | undefined): Finding | undefined {
  const { value, written } = line
  if (value === written && (value.includes(' #') || value.includes('\t#'))) {
    const from = value.search(/[ \t]#/) + 1
    return {
      code: 'trailing-comment',
      severity: sub !== undefined && exactValues.test(sub) ? 'error' : 'warning',
      message: `${line.key}: LXC takes "${excerpt(value.slice(from))}" as part of the value`,
      at: line.at + from,
      length: value.length - from,
    }
  }
  if (value.length > longestName && (sub === 'link' || sub === 'name' || sub === 'veth.pair')) {
    const message = `${line.key}: "${excerpt(value)}" is longer than ${longestName} bytes; LXC cuts it to "${value.slice(0, longestName)}"`
    return { code: 'value-truncated', severity: 'warning', message, at: line.at, length: line.written.length }
  }
  return undefined
}

const excerpt = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text)

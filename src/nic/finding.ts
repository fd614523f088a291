import { findKey } from './keys.ts'
import { type HostView, type Nic, value } from './model.ts'
import { lxcMac, lxcNumber } from './value.ts'

export interface Finding {
  severity: 'error' | 'warning'
  code: string
  message: string
  fix: string
  /** The key it is about, to point at its line. */
  key?: string
  /** LXC loads and starts it all the same: a warning where it stands in a file already. */
  loads?: true
}

/** What a check looks at: one NIC of one container, as it is or as it shall become. */
export interface Subject {
  container: string
  nic: Nic
  /** All NICs of the container, this one among them. */
  nics: readonly Nic[]
  view: HostView
  /** The NIC does not stand in a file yet: everything about it is being written now. */
  fresh?: boolean
  /** Is this key of it being written now? What stands in a file and starts is no error. */
  strict?: (key: string) => boolean
}

export const error = (code: string, message: string, fix: string, key?: string): Finding => ({
  severity: 'error',
  code,
  message,
  fix,
  ...(key === undefined ? {} : { key }),
})
export const warning = (code: string, message: string, fix: string, key?: string): Finding => ({
  ...error(code, message, fix, key),
  severity: 'warning',
})

export const loading = (finding: Finding): Finding => ({ ...finding, loads: true })

export const isWritten = ({ fresh, strict }: Subject, key: string): boolean => fresh || (strict?.(key) ?? false)

/** What to type so that a key has a value: a command, or a flag of the one that makes the NIC. */
export function put({ container, nic, fresh }: Subject, name: string, text: string): string {
  if (fresh) return `add --${findKey(name)?.flag ?? name} ${text}`
  return `\`lxcnet set ${container}:${nic.index} ${/[^\w.:/=+-]/.test(text) ? `"${name}=${text}"` : `${name}=${text}`}\``
}

export const drop = ({ container, nic, fresh }: Subject, name: string): string =>
  fresh ? `leave --${findKey(name)?.flag ?? name} out` : `\`lxcnet unset ${container}:${nic.index} ${name}\``

/** The MTU that LXC asks for: 0 is none. */
export const mtuOf = (nic: Nic): number | undefined => lxcNumber(value(nic, 'mtu') ?? '') || undefined

/** A MAC as LXC reads it, to compare. */
export const macOf = (nic: Nic): string | undefined => {
  const text = value(nic, 'hwaddr')
  return text === undefined ? undefined : (lxcMac(text) ?? text.toLowerCase())
}

/** What people type for a forward. */
import { exit, LxcnetError } from '../../../core/error.ts'
import { parseEntrance, printEntrance } from '../../../firewall/index.ts'

/**
 * @param text `443`, `443/udp`, `80-90`, `192.0.2.1:443`, `[2001:db8::1]:443`
 * @returns the forward's name, canonical
 * @throws {LxcnetError} `bad-name`
 */
export function forwardName(text: string, protocol?: string): string {
  const said = text.replace(/^.*\//s, '')
  const entrance = parseEntrance(text.includes('/') ? text : `${text}/${protocol ?? 'tcp'}`)
  if (entrance !== undefined && (protocol === undefined || !text.includes('/') || said === protocol))
    return printEntrance(entrance)
  throw new LxcnetError('bad-name', `forward: ${JSON.stringify(text)} is not a port of the host`, {
    exit: exit.usage,
    suggestions: ['for instance 443, 53/udp, 80-90, 192.0.2.1:443 or [2001:db8::1]:443'],
  })
}

/** A rule of `ufw route`, as ufw(8) is told it and as it keeps it. */
export interface UfwRule {
  protocol: 'tcp' | 'udp'
  /** A subnet or an address, or `any`. */
  source: string
  address: string
  /** `80`, `80:90` */
  ports: string
}

/** Tells the rules of lxcnet from others: with it ufw deletes only the one that has it too. */
const comment = 'lxcnet'

export const ufwAllow = (rule: UfwRule): string[] => ['ufw', 'route', 'allow', ...words(rule)]
export const ufwDelete = (rule: UfwRule): string[] => ['ufw', 'route', 'delete', 'allow', ...words(rule)]

const words = ({ protocol, source, address, ports }: UfwRule): string[] => [
  'proto',
  protocol,
  'from',
  source,
  'to',
  address,
  'port',
  ports,
  'comment',
  comment,
]

/**
 * Whose rule it is that ufw has already, by its file; undefined when it has none such.
 *
 * The form of the line is that of ufw's backend_iptables.py, _write_rules(), the comment in hexadecimal.
 */
export function ownerOf(
  { files }: { files: ReadonlyMap<string, { text: string }> },
  { protocol, source, address, ports }: UfwRule,
): 'lxcnet' | 'other' | undefined {
  const six = address.includes(':')
  const from = source === 'any' ? (six ? '::/0' : '0.0.0.0/0') : source
  const tuple = `### tuple ### route:allow ${protocol} ${ports} ${address} any ${from} in`
  const lines = (files.get(six ? '/etc/ufw/user6.rules' : '/etc/ufw/user.rules')?.text ?? '').split('\n')
  const own = `${tuple} comment=${Buffer.from(comment).toString('hex')}`
  if (lines.includes(own)) return 'lxcnet'
  return lines.some((line) => line === tuple || line.startsWith(`${tuple} comment=`)) ? 'other' : undefined
}

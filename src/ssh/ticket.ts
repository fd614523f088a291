/** Whether the user has a Kerberos ticket, without which GSSAPIAuthentication cannot log in anywhere. */
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { runProgram } from './program.ts'

/**
 * klist(1) `-s` tells whether the cache holds a ticket that has not run out. Without klist a cache that is there counts:
 * KRB5CCNAME, or where krb5.conf(5) default_ccache_name has it when nobody configured another place.
 */
export async function hasTicket(): Promise<boolean> {
  const answer = await runProgram('klist', ['-s'])
  if (answer !== undefined) return answer.status === 0
  const cache = process.env['KRB5CCNAME'] ?? `FILE:/tmp/krb5cc_${userInfo().uid}`
  const [, file = cache] = /^FILE:(.*)$/s.exec(cache) ?? []
  return file.startsWith('/') ? existsSync(file) : true
}

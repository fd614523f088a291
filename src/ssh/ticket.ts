/** Whether the user has a Kerberos ticket, without which GSSAPIAuthentication cannot log in anywhere. */
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { runProgram } from './program.ts'

/** Where krb5.conf(5) default_ccache_name has the cache when nobody configured another place. */
const usualCache = (): string => `/tmp/krb5cc_${userInfo().uid}`

/**
 * klist(1) `-s` tells whether the cache holds a ticket that has not run out. Without klist a cache that is there counts.
 * On a machine where Kerberos was never set up nobody is asked.
 */
export async function hasTicket(): Promise<boolean> {
  const { KRB5CCNAME: named, KRB5_CONFIG: configured } = process.env
  if (named === undefined && configured === undefined && !existsSync('/etc/krb5.conf') && !existsSync(usualCache()))
    return false
  const answer = await runProgram('klist', ['-s'])
  if (answer !== undefined) return answer.status === 0
  const cache = named ?? `FILE:${usualCache()}`
  const [, file = cache] = /^FILE:(.*)$/s.exec(cache) ?? []
  return file.startsWith('/') ? existsSync(file) : true
}

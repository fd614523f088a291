/** A client to be killed: carries the change that it is given out, and says when it begins. */
import { LocalHost } from '../../src/host/local.ts'
import type { Change } from '../../src/plan/plan.ts'
import { carryOut } from '../../src/transaction/transaction.ts'
import { probes } from '../transaction/tree.ts'

const { root, id, changes, shell } = JSON.parse(process.argv[2] ?? '') as {
  root: string
  id: string
  changes: Change[]
  shell: [string, ...string[]]
}
process.stdout.write('begins\n')
await carryOut(
  new LocalHost(shell),
  { host: 'localhost', changes, notes: [], reads: '-' },
  {
    scope: { root, live: true, state: '/var/lib/lxcnet' },
    reads: probes,
    fresh: probes,
    meta: { id, at: '', user: '', command: '' },
  },
)

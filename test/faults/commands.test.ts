/**
 * create, set, delete, upgrade and rollback, each killed before, in and after every command that it runs on the host.
 *
 * The next changing command then settles what it finds, says so, and does its own work; the container that was being
 * changed has its old config or its new one, to the byte.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { LxcnetError } from '../../src/core/error.ts'
import { LocalHost } from '../../src/host/local.ts'
import type { ChangeReport } from '../../src/report/change.ts'
import { change, type Draft } from '../../src/workflow/change.ts'
import type { Context, Reading } from '../../src/workflow/context.ts'
import { createNic } from '../../src/workflow/create-nic.ts'
import { deleteNics, parseAssignment, setKeys } from '../../src/workflow/edit-nic.ts'
import { readEntry, readHistory, rollbackDraft } from '../../src/workflow/history.ts'
import { upgradeConfigs } from '../../src/workflow/upgrade-config.ts'
import { processesWith, Tree, until } from '../transaction/tree.ts'
import { type Instant, instants, Tracer } from './tracer.ts'

const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const dash = new LocalHost(['dash', '-s'])
const config = '/var/lib/lxc/web01/config'
const modern = 'lxc.uts.name = web01\nlxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\nlxc.net.0.flags = up\n'
const legacy = 'lxc.utsname = web01\nlxc.network.type = veth\nlxc.network.link = lxcbr0\nlxc.network.flags = up\n'

const contextOf = (tree: Tree, host: LocalHost): Context => ({
  host,
  scope: { ...tree.scope, live: false },
  lxcpath: '',
  fallback: '/var/lib/lxc',
  lxcVersion: undefined,
  owner: { uid: 0, gid: 0 },
  unprivileged: false,
  user: 'tester',
  command: 'lxcnet test',
  place: [],
  now: () => new Date(),
  random: () => 7,
})

type Plan = (context: Context, reading: Reading) => Draft

const apply = (context: Context, draft: Plan): Promise<ChangeReport> =>
  change(context, {
    containers: [],
    draft: (reading) => draft(context, reading),
    dryRun: false,
    allow: new Set(),
    confirm: async () => true,
  })

const set =
  (select: string, text: string): Plan =>
  (context, { view }) =>
    setKeys(context, view, { select, restart: false }, [parseAssignment(text)])

interface Operation {
  name: string
  text: string
  /** Done undisturbed before the operation. */
  prepare?(context: Context): Promise<unknown>
  act(context: Context): Promise<unknown>
}

const operations: Operation[] = [
  {
    name: 'create',
    text: modern,
    act: (context) =>
      apply(context, (_, { view }) =>
        createNic(context, view, {
          container: 'web01',
          type: 'macvlan',
          given: new Map([['link', ['eth1']]]),
          index: undefined,
          replace: undefined,
          restart: false,
        }),
      ),
  },
  { name: 'set', text: modern, act: (context) => apply(context, set('web01:0', 'link=lxcbr1')) },
  {
    name: 'delete',
    text: modern,
    act: (context) => apply(context, (_, { view }) => deleteNics(context, view, { select: 'web01:0', restart: false })),
  },
  {
    name: 'upgrade',
    text: legacy,
    act: (context) => apply(context, (_, { view }) => upgradeConfigs(context, view, 'web01', false)),
  },
  {
    name: 'rollback',
    text: modern,
    prepare: (context) => apply(context, set('web01:0', 'link=lxcbr9')),
    async act(context) {
      // which change it is has been read before the host is traced
      const calm = { ...context, host: dash }
      const entry = await readEntry(calm, (await readHistory(calm)).entries[0]?.id ?? '')
      return apply(context, (_, reading) => rollbackDraft(reading, entry, false))
    },
  },
]

describe('a command that is killed', function () {
  this.timeout(400_000)
  let tracer: Tracer
  before(() => {
    tracer = new Tracer(base)
  })
  after(() => tracer.dispose())

  async function killed(
    operation: Operation,
    instant: Instant | undefined,
  ): Promise<{ log: string[]; before: string; after: string; told: string[] }> {
    const tree = new Tree(base)
    try {
      tree.write(config, operation.text, 0o640)
      tree.write('/var/lib/lxc/other/config', modern.replace('web01', 'other'))
      await operation.prepare?.(contextOf(tree, dash))
      const before = tree.read(config)
      const ended = await operation.act(contextOf(tree, tracer.host(tree, instant))).catch((error: unknown) => error)
      const log = tracer.log(tree)
      if (instant !== undefined) {
        assert.ok(tracer.killed(tree), 'this instant was not reached')
        if (ended instanceof Error)
          assert.ok(ended instanceof LxcnetError && /^(interrupted|unreachable)$/.test(ended.code), String(ended))
      }
      await until(() => processesWith(tree.root).length === 0, 'its processes have ended')
      const next = await apply(contextOf(tree, dash), set('other:0', 'mtu=1400'))
      assert.equal(next.result, 'applied')
      tree.assertTidy()
      assert.equal(tree.stat(config).mode & 0o777, 0o640)
      assert.match(tree.read('/var/lib/lxc/other/config'), /mtu = 1400\n$/)
      return {
        log,
        before,
        after: tree.read(config),
        told: next.notes.filter(({ code }) => code === 'recovered').map(({ message }) => message),
      }
    } finally {
      tracer.forget(tree)
      tree.dispose()
    }
  }

  for (const operation of operations) {
    it(`leaves the config old or new: ${operation.name}`, async () => {
      const calm = await killed(operation, undefined)
      assert.notEqual(calm.before, calm.after)
      const all = instants(calm.log)
      const ends = { old: 0, new: 0, told: 0 }
      const waiting = [...all]
      const worker = async (): Promise<void> => {
        for (let instant = waiting.shift(); instant !== undefined; instant = waiting.shift()) {
          const { after, told } = await killed(operation, instant)
          const where = `killed ${instant.moment} ${instant.command}`
          assert.ok(after === calm.before || after === calm.after, `${where}: neither old nor new: ${after}`)
          for (const text of told)
            assert.match(text, after === calm.after ? /was complete/ : /has been taken back/, where)
          ends[after === calm.after ? 'new' : 'old']++
          ends.told += told.length
        }
      }
      await Promise.all([worker(), worker(), worker()])
      console.log(
        `      ${calm.log.length} commands traced, ${all.length} kills: ${ends.old} × old, ${ends.new} × new, ${ends.told} × told`,
      )
      assert.ok(ends.old > 20 && ends.new > 5 && ends.told > 10)
    })
  }
})

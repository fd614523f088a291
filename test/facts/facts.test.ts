/** What kind of host one is: from answers as distributions give them, and from the shells that hosts have. */
import assert from 'node:assert/strict'
import { factsProbe, type HostFacts, readFacts } from '../../src/facts/index.ts'
import { LocalHost } from '../../src/host/local.ts'
import { frames, preamble, whole } from '../../src/host/snapshot.ts'

const factsOf = (answers: Record<string, string | [status: number, text: string]>): HostFacts =>
  readFacts(
    new Map(
      Object.entries(answers).map(([id, said]) => {
        const [status, text] = typeof said === 'string' ? [0, said] : said
        return [id, { status, text }]
      }),
    ),
  )

describe('facts', () => {
  for (const [text, distribution] of [
    ['PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n', 'Debian 12'],
    ['NAME="Ubuntu"\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24.04.1 LTS"\n', 'Ubuntu 24.04'],
    ['NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"\n', 'Alpine 3.20.3'],
    ['NAME="Fedora Linux"\nVERSION_ID=41\n', 'Fedora 41'],
    ['NAME="Arch Linux"\nPRETTY_NAME="Arch Linux"\nBUILD_ID=rolling\n', 'Arch'],
    ['NAME="A \\$B"\nVERSION_ID=1\n', 'A $B 1'],
    ['', null],
  ] as const) {
    it(`call ${distribution} what os-release(5) says`, () =>
      assert.equal(factsOf({ os: text }).distribution, distribution))
  }

  it('tell the two kinds of iptables apart', () => {
    assert.equal(factsOf({ iptables: 'iptables v1.8.9 (nf_tables)' }).iptables, 'nft')
    assert.equal(factsOf({ iptables: 'iptables v1.8.9 (legacy)' }).iptables, 'legacy')
    assert.equal(factsOf({ iptables: 'iptables v1.6.1' }).iptables, 'legacy')
    assert.equal(factsOf({ iptables: [127, ''] }).iptables, null)
  })

  it('know an Open vSwitch that does not run from one that is not there', () => {
    assert.equal(factsOf({ ovs: '3.1.0' }).ovs, '3.1.0')
    assert.equal(factsOf({ ovs: [1, ''] }).ovs, 'stopped')
    assert.equal(factsOf({}).ovs, null)
  })

  it('say nothing of modules where nothing is known of them', () => {
    const modules = (facts: string): string[] =>
      factsOf({ facts }).missing.flatMap(({ what }) => / in the kernel$/.exec(what)?.input ?? [])
    assert.deepEqual(modules('init systemd\n'), [])
    assert.ok(modules('modules known\nmodule veth\n').includes('8021q in the kernel'))
    assert.ok(!modules('modules known\nmodule veth\nmodule 8021q\n').includes('8021q in the kernel'))
  })

  it('name either of two commands that would do', () => {
    const whats = (facts: string): string[] => factsOf({ facts }).missing.map(({ what }) => what)
    assert.ok(whats('').includes('nft or iptables'))
    assert.ok(!whats('tool iptables\n').includes('nft or iptables'))
  })

  it('are the same from dash, bash and the shell of busybox, but for the ip of busybox', async () => {
    const read = async (...shell: [string, ...string[]]): Promise<HostFacts> => {
      const script = whole([preamble({ root: '', live: true, state: '' }, 'n0nce', [factsProbe]), ...factsProbe.live])
      const result = await new LocalHost(shell).exec(script)
      assert.equal(result.stderr, '')
      const { list } = frames(result, 'n0nce', 'localhost')
      return readFacts(
        new Map(list.map(({ kind, id, status, text }) => [kind === 'run' ? id : kind, { status, text }])),
      )
    }
    const dash = await read('dash', '-s')
    assert.deepEqual(await read('bash', '-s'), dash)
    const busybox = await read('busybox', 'ash', '-s')
    const known = (facts: HostFacts): HostFacts => {
      return { ...facts, missing: facts.missing.filter(({ what }) => what !== 'ip -json') }
    }
    assert.deepEqual(known(busybox), known(dash))
  })
})

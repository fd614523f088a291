/** A fleet of which one host cannot be had: the others are done, and what was in the way is said. */
import assert from 'node:assert/strict'
import { fleet, furnish } from './fleet.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { read } from './live.ts'

/** Hosts that cannot be had, by what an inventory says of them. */
const bad: { name: string; line: string; code: string; words: RegExp }[] = [
  { name: 'nowhere', line: '', code: 'unreachable', words: /there is no address for the name nowhere/ },
  {
    name: 'closed',
    line: 'ansible_host=h4 ansible_port=2299',
    code: 'unreachable',
    words: /nothing listens at port 2299 of h4/,
  },
  {
    name: 'hole',
    line: 'ansible_host=h4 ansible_port=2298',
    code: 'unreachable',
    words: /no answer within 3 s from port 2298 of h4/,
  },
  {
    name: 'far',
    line: 'ansible_host=203.0.113.9',
    code: 'unreachable',
    words: /no route to port 22 of 203\.0\.113\.9/,
  },
  {
    name: 'strange',
    line: 'ansible_host=h4 ansible_ssh_private_key_file=/root/stranger',
    code: 'login-refused',
    words: /offered were \/root\/stranger/,
  },
  {
    name: 'open',
    line: 'ansible_host=h4 ansible_ssh_private_key_file=/root/open',
    code: 'key-mode',
    words: /\/root\/open/,
  },
  { name: 'changed', line: 'ansible_host=h4 ansible_port=2201', code: 'host-key-changed', words: /known_hosts/ },
  {
    name: 'powerless',
    line: 'ansible_host=h4 ansible_user=plain',
    code: 'sudo-refused',
    words: /plain cannot become root by sudo/,
  },
  { name: 'asking', line: 'ansible_host=h4 ansible_user=asker', code: 'sudo-refused', words: /password is required/ },
]

const timeOut = ['--connect-timeout', '3']

describe('a host of a fleet that cannot be had', () => {
  let lab: Lab
  let h1: LightHost
  let good: LightHost[]
  let mtu = 1300

  before(async () => {
    lab = await Lab.up({ hosts: 4 })
    const [controller, h2, h3, h4] = lab.hosts
    assert.ok(controller && h2 && h3 && h4)
    h1 = controller
    good = [h2, h3]
    await furnish([h2, h3, h4], 'web01')
    const others = bad.map(({ name, line }) => `${name} ${line}\n`).join('')
    const holes = [2, 3, 4].map((number) => `hole${number} ansible_host=h4 ansible_port=2298\n`).join('')
    await h1.write('/root/hosts', `h2\nh3\n${others}${holes}[holes]\nhole\nhole[2:4]\n[good]\nh2\nh3\n`)
    await h1.ok(`ip route add unreachable 203.0.113.0/24; ssh-keygen -q -t ed25519 -N '' -f /root/stranger
cp /root/.ssh/id_ed25519 /root/open; chmod 644 /root/open`)
    await h4.ok(`ssh-keygen -q -t ed25519 -N '' -f /root/other
nft 'table inet hole { chain input { type filter hook input priority 0; tcp dport 2298 drop; }; }'`)
    await h4.sshd({ port: 2201, config: 'HostKey /root/other' })
    const { ends } = await fleet(h1, 'create web01 --type veth --link br0 -i /root/hosts -g good')
    assert.deepEqual(ends, { h2: 'applied', h3: 'applied' })
  })

  after(() => lab?.down())

  const set = (...who: string[]) =>
    fleet(h1, ['set', 'web01:0', `mtu=${++mtu}`, '-i', '/root/hosts', ...timeOut, ...who])
  const assertSet = async () => {
    for (const host of good) assert.deepEqual(await read(host, 'web01', '0.mtu'), [`${mtu}`], host.name)
  }

  for (const { name, code, words } of bad) {
    it(`${name}: the others are done, and the reason is told (${code})`, async () => {
      const { status, ends, reasons, events } = await set('-H', 'h2,h3', '-H', name)
      assert.deepEqual({ ...ends, [name]: '' }, { h2: 'applied', h3: 'applied', [name]: '' })
      assert.equal(ends[name], `unreachable ${code}`, reasons[name] ?? '')
      assert.match(reasons[name] ?? '', words)
      assert.equal(status, 3)
      const done = events.filter(({ step }) => step === 'done').map(({ host, result }) => [host, result])
      assert.deepEqual(Object.fromEntries(done), { h2: 'applied', h3: 'applied', [name]: 'unreachable' })
      await assertSet()
      const { stdout } = await h1.lxcnet([
        'set',
        'web01:0',
        `mtu=${mtu}`,
        '-i',
        '/root/hosts',
        ...timeOut,
        '-H',
        `h2,${name}`,
      ])
      const [, told = ''] = stdout.split(/^1 +unreachable +/m)
      assert.match(told, new RegExp(`^${name}\n {7}`))
      assert.match(told, words)
      assert.match(told, /^ {7}Try this: \S/m)
      assert.equal(told.includes(`[${code}]`), code !== 'unreachable', told)
    })
  }

  it('hosts that swallow every packet cost the time of one', async () => {
    const begin = performance.now()
    const { status, ends } = await set('-H', 'h2,h3', '-g', 'holes')
    assert.equal(status, 3)
    assert.deepEqual(Object.values(ends), ['applied', 'applied', ...Array(4).fill('unreachable unreachable')])
    assert.ok(performance.now() - begin < 9000, 'three time-outs of 3 s are more than one')
    await assertSet()
  })

  it('a fleet of which no host can be had is not reached', async () => {
    const { status, report } = await set('-g', 'holes')
    assert.equal(status, 4)
    assert.deepEqual([report.id, report.rollback], [null, null])
    const listed = await fleet(h1, 'list -i /root/hosts -g holes --connect-timeout 3')
    assert.equal(listed.status, 4)
  })
})

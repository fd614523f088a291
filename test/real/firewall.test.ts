/** What the rules do for networks, asked of the kernel: by nft, one that has no maps too, and by iptables where there is none. */
import assert from 'node:assert/strict'
import { type Forward, type NetworkRules, noRules, type Rules } from '../../src/firewall/index.ts'
import { firewallText } from '../../src/workflow/firewall.ts'
import { answers, asks, program, traces } from './forward-peer.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { pings, start } from './live.ts'

const piece = '/etc/lxcnet/net.d/50-firewall'
const addressOf = (n: number): string => `10.${n}.0.5`

const network = (n: number, rules: Partial<NetworkRules>): [string, NetworkRules] => [
  `net${n}`,
  { bridge: `br${n}`, subnets: [`10.${n}.0.0/24`], masquerade: 'off', isolated: false, services: true, ...rules },
]

const forward: Forward = {
  to: '10.1.0.5',
  container: undefined,
  address: '10.1.0.5',
  port: undefined,
  sources: [],
  through: [],
}

/** In the place of an nft before 0.9.4, which knows no map from ports to addresses and ports. */
const oldNft = `#!/bin/sh
[ "$*" = '-f -' ] || [ "$*" = '-c -f -' ] || exec /usr/sbin/nft "$@"
text=$(cat)
case $text in *inet_service*) echo 'Error: syntax error, unexpected .' >&2 && exit 1 ;; esac
printf '%s\\n' "$text" | /usr/sbin/nft "$@"
`

for (const engine of ['nft', 'nft without maps', 'iptables']) {
  describe(`firewall, by ${engine}`, () => {
    let lab: Lab
    let h1: LightHost
    let h2: LightHost
    let clean: string[]

    before(async () => {
      lab = await Lab.up({ hosts: 2 })
      ;[h1, h2] = lab.hosts as [LightHost, LightHost]
      if (engine === 'iptables') await h1.ok('mv /usr/sbin/nft /usr/sbin/nft.away')
      if (engine === 'nft without maps') await h1.write('/usr/local/sbin/nft', oldNft, 0o755)
      await h1.ok(`echo 1 >/proc/sys/net/ipv4/ip_forward
        ip address add 198.18.0.99/24 dev eth0
        for n in 1 2 3; do
          ip link add br$n type bridge forward_delay 0; ip address add 10.$n.0.1/24 dev br$n; ip link set br$n up
        done`)
      for (const n of [1, 2, 3])
        await h1.container(
          `c${n}`,
          [
            'type = veth',
            `link = br${n}`,
            'flags = up',
            `ipv4.address = 10.${n}.0.5/24`,
            `ipv4.gateway = 10.${n}.0.1`,
          ].map((line) => `lxc.net.0.${line}`),
        )
      await start(h1, 'c1', 'c2', 'c3')
      await start2(h2)
      clean = await state()
    })

    after(() => lab.down())

    /** A server on the other host, which sees who comes. */
    const start2 = async (host: LightHost): Promise<void> => {
      await host.ok('ip route add 10.3.0.0/24 via 198.18.0.11')
      await answers(host, null, ['tcp/80'])
    }

    const state = async (): Promise<string[]> => [
      ...(await traces(h1)),
      ...(await h1.ok("iptables-save | grep '^-A' || :")).split('\n'),
    ]

    async function set(rules: Partial<Rules>): Promise<void> {
      const { piece: text, body } = firewallText({ ...noRules, ...rules })
      await h1.write('/etc/lxcnet/firewall.sh', body)
      await h1.write(piece, text)
      await h1.ok(`sh ${piece} up && sh ${piece} check`)
    }

    it('hides a network behind the host, or behind an address, and leaves others as they are', async () => {
      assert.equal(await asks(h1, 'c1', '198.18.0.12', 'tcp/80'), undefined, 'nobody knows the way back')
      assert.equal(await asks(h1, 'c3', '198.18.0.12', 'tcp/80'), 'host 80 10.3.0.5')
      await set({ networks: new Map([network(1, { masquerade: 'on' }), network(2, { masquerade: '198.18.0.99' })]) })
      assert.equal(await asks(h1, 'c1', '198.18.0.12', 'tcp/80'), 'host 80 198.18.0.11')
      assert.equal(await asks(h1, 'c2', '198.18.0.12', 'tcp/80'), 'host 80 198.18.0.99')
      assert.equal(await asks(h1, 'c3', '198.18.0.12', 'tcp/80'), 'host 80 10.3.0.5')
    })

    it('isolates a network from all others and from whoever has a route to it, not from outside, and lets forwards in', async () => {
      await answers(h1, 'c1', ['tcp/80'])
      // a link that is no bridge, whose other end knows the way back; and a machine of the LAN that knows the way in
      await h1.ok(`ip netns add other; ip link add o0 type veth peer name o1 netns other
        ip address add 10.4.0.1/24 dev o0; ip link set o0 up
        ip -n other link set o1 up; ip -n other address add 10.4.0.5/24 dev o1; ip -n other route add default via 10.4.0.1`)
      await h2.ok('ip route add 10.1.0.0/24 via 198.18.0.11')
      const rules = new Map([network(1, { masquerade: 'on', isolated: true }), network(2, {})])
      await pings({
        reached: [
          [h1, 'c2', addressOf(1)],
          [h1, 'c3', addressOf(1)],
          [h1, 'c1', '10.4.0.5'],
          [h2, null, addressOf(1)],
        ],
      })
      await set({ networks: rules })
      await pings({
        reached: [
          [h1, 'c1', '198.18.0.12'],
          [h1, 'c1', '10.1.0.1'],
          [h1, 'c2', addressOf(3)],
        ],
        lost: [
          [h1, 'c2', addressOf(1)],
          [h1, 'c3', addressOf(1)],
          [h1, 'c1', addressOf(2)],
          [h1, 'c1', addressOf(3)],
          [h1, 'c1', '10.4.0.5'],
          [h2, null, addressOf(1)],
        ],
      })
      // what lxc-net does at every start, ahead of all that is there
      const accept = (verb: string): string =>
        ['-i br1', '-o br1'].map((match) => `iptables ${verb} FORWARD ${match} -j ACCEPT`).join('; ')
      await h1.ok(accept('-I'))
      await pings({ reached: [[h1, 'c1', '198.18.0.12']], lost: [[h1, 'c2', addressOf(1)]] })
      await h1.ok(accept('-D'))
      await set({ networks: rules, forwards: new Map([['80/tcp', forward]]) })
      assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/80'), 'c1 80 198.18.0.12')
      assert.equal(await asks(h1, 'c2', '198.18.0.11', 'tcp/80'), 'c1 80 10.2.0.5')
      await h1.ok('ip route add default via 10.4.0.5 dev o0 metric 9')
      assert.equal((await h1.sh(`sh ${piece} check`)).status, 1, 'there is another way out')
      await h1.ok(`sh ${piece} up`)
      await pings({ reached: [[h1, 'c1', '10.4.0.5']], lost: [[h1, 'c1', addressOf(2)]] })
      await h1.ok(`ip route delete default dev o0 && ip route delete default && sh ${piece} up`)
      await pings({ reached: [[h1, 'c3', '198.18.0.12']], lost: [[h1, 'c1', '198.18.0.12']] })
      await h1.ok('ip route add default via 198.18.0.1')
      await h1.ok(`for _ in $(seq 120); do sh ${piece} check && exit; sleep 0.25; done; exit 1`)
      await pings({ reached: [[h1, 'c1', '198.18.0.12']] })
      await h1.ok('ip netns del other; while ip link show o0; do sleep 0.05; done >/dev/null 2>&1')
      await h2.ok('ip route delete 10.1.0.0/24')
    })

    it("lets a network out by Docker's own door where Docker drops it, and keeps it isolated", async () => {
      await h1.ok(`iptables -P FORWARD DROP; iptables -N DOCKER-USER; iptables -A DOCKER-USER -j RETURN
        iptables -A FORWARD -j DOCKER-USER`)
      const rules = (through: string[]) =>
        new Map([network(1, { masquerade: 'on', isolated: true, through }), network(2, { masquerade: 'on', through })])
      await set({ networks: rules([]) })
      await pings({ reached: [[h1, 'c1', '10.1.0.1']], lost: [[h1, 'c1', '198.18.0.12']] })
      await set({ networks: rules(['docker']) })
      await pings({
        reached: [
          [h1, 'c1', '198.18.0.12'],
          [h1, 'c2', '198.18.0.12'],
        ],
        lost: [
          [h1, 'c2', addressOf(1)],
          [h1, 'c3', '198.18.0.12'],
        ],
      })
      await h1.ok(`sh ${piece} down`)
      assert.equal(await h1.ok('iptables -S DOCKER-USER'), '-N DOCKER-USER\n-A DOCKER-USER -j RETURN\n')
      await h1.ok('iptables -P FORWARD ACCEPT; iptables -F FORWARD; iptables -F DOCKER-USER; iptables -X DOCKER-USER')
      if (engine !== 'iptables') await h1.ok('nft delete table ip filter')
    })

    it('lets nobody in to 127.0.0.1 although its own forwards leave from there', async () => {
      // a container that sends what no kernel would: its loopback link is down, and another one leads to the host
      await h1.ok(`ip netns add guest; ip link add g0 type veth peer name g1 netns guest; ip link set g0 master br1 up
        ip -n guest link set g1 up; ip -n guest address add 10.1.0.9/24 dev g1
        ip -n guest route add 127.0.0.1 via 10.1.0.1
        ip netns exec guest sysctl -qw net.ipv4.conf.g1.route_localnet=1`)
      const pid = await answers(h1, null, ['tcp/7777'])
      await set({ forwards: new Map([['80/tcp', forward]]), hairpins: new Map([['10.1.0.0/24', 'br1']]) })
      assert.equal(await asks(h1, null, '127.0.0.1', 'tcp/80'), 'c1 80 10.1.0.1')
      const steal = async (): Promise<string> =>
        (await h1.sh(`ip netns exec guest ${program} ask tcp 127.0.0.1 7777`)).stdout
      assert.equal(await steal(), '')
      if (engine !== 'iptables') await h1.ok('nft flush chain inet lxcnet loopback')
      else await h1.ok('iptables -t raw -F LXCNET-LOOPBACK')
      assert.equal(await steal(), 'host 7777 10.1.0.9', 'it would be open without the guard')
      await h1.ok(`kill ${pid}; ip netns del guest; while ip link show g0; do sleep 0.05; done >/dev/null 2>&1`)
    })

    it('leads ports to where they are wanted, looked up in maps where nft has them', async () => {
      await answers(h1, 'c1', ['tcp/81', 'udp/53'])
      const forwards: [string, Partial<Forward>][] = [
        ['80/tcp', {}],
        ['8080/tcp', { port: 80 }],
        ['53/udp', {}],
        ['8000-8001/tcp', { port: 80 }],
        ['198.18.0.99:8090/tcp', { port: 81 }],
        ['8091/tcp', { port: 81, sources: ['198.18.0.12/32'] }],
        ['8092/tcp', { port: 81, sources: ['198.18.0.13/32'] }],
        ['8093/tcp', { port: 81, address: 'fd00:1::5' }],
      ]
      await set({ forwards: new Map(forwards.map(([name, more]) => [name, { ...forward, ...more }])) })
      for (const [ask, said] of [
        ['tcp/80', 'c1 80'],
        ['tcp/8080', 'c1 80'],
        ['udp/53', 'c1 53'],
        ['tcp/8000', 'c1 80'],
        ['tcp/8001', 'c1 81'],
        ['tcp/8091', 'c1 81'],
      ])
        assert.equal(await asks(h2, null, '198.18.0.11', ask ?? ''), `${said} 198.18.0.12`, ask)
      assert.equal(await asks(h2, null, '198.18.0.99', 'tcp/8090'), 'c1 81 198.18.0.12')
      for (const ask of ['tcp/8090', 'tcp/8092', 'tcp/8093', 'tcp/8079'])
        assert.equal(await asks(h2, null, '198.18.0.11', ask), undefined, ask)
      const listed = engine === 'iptables' ? '' : await h1.ok('nft list table inet lxcnet')
      const looked = listed.match(/^\s*elements = .*/gm)?.map((line) => line.trim())
      const expected = [
        '{ 80 : 10.1.0.5 . 80, 8080 : 10.1.0.5 . 80 }',
        '{ 8093 : fd00:1::5 . 81 }',
        '{ 53 : 10.1.0.5 . 53 }',
      ]
      assert.deepEqual(looked, engine === 'nft' ? expected.map((one) => `elements = ${one}`) : undefined)
      await set({ forwards: new Map([['80-81/tcp', forward]]) })
      assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/81'), 'c1 81 198.18.0.12')
      assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/8080'), undefined)
    })

    if (engine === 'nft')
      it('loads a thousand forwards in one transaction', async () => {
        await h1.write('/usr/local/sbin/nft', '#!/bin/sh\necho "$*" >>/root/calls\nexec /usr/sbin/nft "$@"\n', 0o755)
        const names = Array.from({ length: 1000 }, (_, n) => `${20001 + n}/tcp`)
        await set({ forwards: new Map(names.map((name) => [name, { ...forward, port: 80 }])) })
        const loads = (await h1.ok('rm /usr/local/sbin/nft; cat /root/calls'))
          .split('\n')
          .filter((one) => one === '-f -')
        assert.equal(loads.length, 1)
        assert.equal((await h1.ok('nft list map inet lxcnet tcp-ip')).match(/\. 80\b/g)?.length, 1000)
        assert.equal(await asks(h2, null, '198.18.0.11', 'tcp/21000'), 'c1 80 198.18.0.12')
      })

    it('takes everything with it when it goes', async () => {
      await h1.ok(`sh ${piece} down && rm -r /etc/lxcnet`)
      if (engine === 'iptables')
        await h1.ok(
          'for table in raw nat mangle filter; do /usr/sbin/nft.away delete table ip $table; done 2>/dev/null; :',
        )
      assert.deepEqual(await state(), clean)
    })
  })
}

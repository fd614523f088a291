/** Forwards on hosts with systemd: a flush of all rules, a boot, and other firewalls that drop what is forwarded. */
import assert from 'node:assert/strict'
import { answers, asks, traces } from './forward-peer.ts'
import { Lab, type LightHost } from './lab/lab.ts'
import { change, refused, start } from './live.ts'

const bridgeUnit = `[Unit]
Before=network.target
Wants=network.target
[Service]
Type=oneshot
ExecStart=/bin/ip link add br1 type bridge forward_delay 0
ExecStart=/bin/ip address add 10.1.0.1/24 dev br1
ExecStart=/bin/ip link set br1 up
[Install]
WantedBy=multi-user.target
`

/** What dockerd does when it starts: libnetwork's setupIPForwarding() and its DOCKER-USER. */
const docker = `iptables -P FORWARD DROP
iptables -N DOCKER-USER
iptables -A DOCKER-USER -j RETURN
iptables -A FORWARD -j DOCKER-USER`

/** A ufw as far as its \`route\` goes: its words are as ufw(8) has them, its file as ufw 0.36.2 wrote it. */
const ufw = `#!/bin/sh
[ "$1 $2" = 'route allow' ] && verb=-I || { [ "$1 $2 $3" = 'route delete allow' ] && verb=-D && shift; } || exit 1
shift 2
echo "$verb $*" >>/root/ufw.log
[ "$1 $3 $5 $7 $9" = 'proto from to port comment' ] || exit 1
from=$(echo "$4" | sed 's,^any$,0.0.0.0/0,')
rule="### tuple ### route:allow $2 $8 $6 any $from in comment=6c78636e6574"
[ "$verb" = -I ] || grep -qxF "$rule" /etc/ufw/user.rules || exit 0
iptables "$verb" ufw-user-forward -p "$2" -s "$from" -d "$6" --dport "$8" -j ACCEPT
if [ "$verb" = -I ]; then echo "$rule" >>/etc/ufw/user.rules; else sed -i "\\|^$rule$|d" /etc/ufw/user.rules; fi
`

describe('forward, where systemd boots', () => {
  let lab: Lab
  let h1: LightHost
  let h2: LightHost

  before(async () => {
    lab = await Lab.up({ hosts: 2, systemd: true })
    ;[h1, h2] = lab.hosts as [LightHost, LightHost]
    await h1.write('/etc/systemd/system/br1.service', bridgeUnit)
    await h1.ok('systemctl enable --now br1')
    await h1.container(
      'web',
      ['type = veth', 'link = br1', 'flags = up', 'ipv4.address = 10.1.0.5/24', 'ipv4.gateway = 10.1.0.1'].map(
        (line) => `lxc.net.0.${line}`,
      ),
    )
    await up()
  })

  after(() => lab.down())

  const up = async (): Promise<void> => {
    await start(h1, 'web')
    await answers(h1, 'web', ['tcp/80'])
  }
  const outside = (): Promise<string | undefined> => asks(h2, null, '198.18.0.11', 'tcp/80')
  const inside = (): Promise<string | undefined> => asks(h1, 'web', '198.18.0.11', 'tcp/80')

  it('is restored by the unit after a flush, and by a boot', async () => {
    await change(h1, 'forward add 80 web')
    assert.equal(await outside(), 'web 80 198.18.0.12')
    await h1.ok('nft flush ruleset')
    assert.equal(await outside(), undefined)
    assert.match((await h1.lxcnet(['check', '--json'])).stdout, /"firewall-down"/)
    await h1.ok('systemctl restart lxcnet')
    assert.equal(await outside(), 'web 80 198.18.0.12')

    await h1.ok(`printf '#!/usr/sbin/nft -f\\nflush ruleset\\n' >/etc/nftables.conf && systemctl start nftables`)
    await h1.ok('systemctl restart nftables')
    assert.equal(await outside(), 'web 80 198.18.0.12', 'nftables takes the rules and the unit with it')
    await h1.ok('systemctl stop nftables')
    assert.equal(await outside(), undefined)
    await h1.ok('systemctl start nftables')
    for (let n = 0; n < 40 && (await outside()) === undefined; n++) await h1.ok('sleep 0.25')
    assert.equal(await outside(), 'web 80 198.18.0.12', 'and brings both back, however it is started')

    await h1.ok('systemctl reload nftables')
    for (let n = 0; n < 40 && (await outside()) === undefined; n++) await h1.ok('sleep 0.25')
    assert.equal(await outside(), 'web 80 198.18.0.12', 'also when it is told to read its file anew')

    await h1.reboot()
    await h1.ok('systemctl is-system-running --wait || systemctl is-active lxcnet')
    await up()
    assert.equal(await outside(), 'web 80 198.18.0.12')
    assert.equal(await inside(), 'web 80 10.1.0.1')
    await change(h1, 'forward remove 80')
    assert.equal(await h1.ok('find /etc/systemd -name "*lxcnet*"'), '')
  })

  it("goes by Docker's own door where Docker drops what is forwarded, and only with consent", async () => {
    await h1.ok(docker)
    const before = await traces(h1)
    const refusal = await refused(h1, 'forward add 80 web')
    assert.equal(refusal.code, 'docker-drops')
    assert.match(refusal.suggestions.join('\n'), /--through docker/)
    const allowed = await change(h1, 'forward add 80 web --allow docker-drops')
    assert.equal(await outside(), undefined, 'it does drop')
    assert.match((await h1.lxcnet(['check', '--json'])).stdout, /"docker-drops"/)
    await change(h1, `rollback ${allowed.id}`)

    const { id } = await change(h1, 'forward add 80 web --through docker')
    assert.equal(await outside(), 'web 80 198.18.0.12')
    assert.equal(await h1.ping(null, '10.1.0.5'), true)
    const refusedAll = await h2.sh('ip route replace 10.1.0.0/24 via 198.18.0.11; ping -c 1 -W 1 10.1.0.5')
    assert.notEqual(refusedAll.status, 0, 'nothing but the forward passes')
    await h1.ok('iptables -F DOCKER-USER')
    assert.equal(await outside(), undefined)
    assert.match((await h1.lxcnet(['check', '--json'])).stdout, /"firewall-down"/)
    await h1.ok('systemctl restart lxcnet')
    await h1.ok('iptables -A DOCKER-USER -j RETURN')
    assert.equal(await outside(), 'web 80 198.18.0.12')
    await change(h1, `rollback ${id}`)
    assert.deepEqual(await traces(h1), before)
    await h1.ok('nft flush ruleset')
  })

  it('has ufw let it through by its own words', async () => {
    await h1.write('/usr/sbin/ufw', ufw, 0o755)
    await h1.write('/etc/ufw/ufw.conf', 'ENABLED=yes\nLOGLEVEL=low\n')
    await h1.write('/etc/ufw/user.rules', '*filter\n')
    await h1.ok(`iptables -P FORWARD DROP; iptables -N ufw-user-forward; iptables -A FORWARD -j ufw-user-forward
      iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`)
    const before = await traces(h1)
    assert.equal((await refused(h1, 'forward add 80 web')).code, 'ufw-drops')
    await change(h1, 'forward add 80 web --through ufw')
    assert.equal(await outside(), 'web 80 198.18.0.12')
    await change(h1, 'forward set 80/tcp source=198.18.0.12')
    assert.equal(await outside(), 'web 80 198.18.0.12')
    assert.equal(
      await h1.ok('cat /root/ufw.log'),
      `-I proto tcp from any to 10.1.0.5 port 80 comment lxcnet
-D proto tcp from any to 10.1.0.5 port 80 comment lxcnet
-I proto tcp from 198.18.0.12 to 10.1.0.5 port 80 comment lxcnet
`,
    )
    await change(h1, 'forward remove 80')
    assert.deepEqual(await traces(h1), before)

    const taken = await change(h1, 'forward add 80 web --through ufw')
    await change(h1, `rollback ${taken.id}`)
    assert.deepEqual(await traces(h1), before)
    await h1.ok(`rm /root/ufw.log; iptables -A ufw-user-forward -p tcp -d 10.1.0.5 --dport 80 -j ACCEPT
      echo '### tuple ### route:allow tcp 80 10.1.0.5 any 0.0.0.0/0 in' >>/etc/ufw/user.rules`)
    const own = await traces(h1)
    await change(h1, 'forward add 80 web --through ufw')
    assert.equal(await outside(), 'web 80 198.18.0.12')
    await change(h1, 'forward remove 80')
    assert.equal(await h1.ok('ls /root/ufw.log 2>/dev/null || echo none'), 'none\n', "the rule is the operator's")
    assert.deepEqual(await traces(h1), own)
  })

  it('says so where some other firewall drops it', async () => {
    await h1.ok(`rm -r /usr/sbin/ufw /etc/ufw; nft flush ruleset
      nft 'table inet mine { chain mine { type filter hook forward priority 0; policy drop; }; }'`)
    const refusal = await refused(h1, 'forward add 80 web')
    assert.equal(refusal.code, 'forwards-dropped')
    assert.match(refusal.message, /the chain mine of the table inet mine/)
    await h1.ok('nft add rule inet mine mine ct status dnat accept')
    await change(h1, 'forward add 80 web --allow forwards-dropped')
    assert.equal(await outside(), 'web 80 198.18.0.12')
  })
})

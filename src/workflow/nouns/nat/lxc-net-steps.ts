/** The commands that take LXC's own network down with its old settings and bring it up with the new ones. */
import { formatAddress } from '../../../core/address.ts'
import { putBack, readServer, runsAs } from '../../../dnsmasq/index.ts'
import { type LxcNet, type Network, rangeText, type Variable } from '../../../lxc-net/index.ts'
import { templateText } from '../../../template/template.ts'
import type { Reading } from '../../context.ts'
import type { Desk, RunOptions } from '../../noun/desk.ts'
import { forwarding } from './wish.ts'

export const unit = 'lxc-net.service'

/** What runs of it. */
export interface Running {
  /** As the flag of its script says. */
  up: boolean
  /** The command line of its dnsmasq; empty when there is none. */
  dnsmasq: readonly string[]
  /** `systemctl show` of its unit; empty where there is no systemd. */
  unit: ReadonlyMap<string, string>
  masked: boolean
}

export function runningOf({ snapshot }: Reading, { runtime }: LxcNet): Running {
  const { answers } = snapshot
  const said = answers.get('lxc-net-unit')
  const lines = said?.status === 0 ? said.text.split('\n') : []
  const known = new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
  return {
    up: answers.has('lxc-net-up'),
    dnsmasq: readServer(snapshot, `${runtime}/dnsmasq.pid`).words,
    unit: known.get('LoadState') === 'not-found' ? new Map() : known,
    masked: answers.has('lxc-net-masked') || known.get('LoadState') === 'masked',
  }
}

export interface Step {
  /** Undefined when it stays as it is. */
  enable: boolean | undefined
  running: Running
  variables: ReadonlyMap<Variable, string>
}

/** `sh -c` with what follows as $1, $2, ... */
const shell = (script: string, ...words: string[]): string[] => ['sh', '-c', script, 'lxc-net', ...words]

const movePorts = 'for p in $(ls /sys/class/net/"$1"/brif 2>/dev/null); do ip link set "$p" master "$2" || exit; done'

/** The bridge's ports move to another one, and it goes. Nothing is left to do where it is gone already. */
const rehome = (from: string, to: string): string[] =>
  shell(`${movePorts}; [ ! -e /sys/class/net/"$1" ] || ip link delete "$1"`, from, to)

/** The way back: the old bridge is there again before lxc-net starts, with those ports that still exist. */
const bringHome = (from: string, to: string): string[] =>
  shell(`[ -e /sys/class/net/"$2" ] || ip link add "$2" type bridge || exit; ${movePorts}`, from, to)

export function stepsOf(desk: Desk, have: LxcNet, network: Network, { enable, running, variables }: Step): void {
  const { script } = have.places
  if (script !== undefined && !desk.context.scope.live) {
    const argv = [script, enable === false ? 'stop' : 'restart']
    if (variables.size > 0) desk.after(argv, { undo: argv, why: 'lxc-net reads its settings' })
    return
  }
  const changed = [...variables].flatMap(([name, value]) =>
    name === 'USE_LXC_BRIDGE' || have.values.get(name) === value ? [] : [name],
  )
  const dead = enable === true && running.dnsmasq.length === 0
  // its own stop does nothing by the old settings, so it is told to stop by the new ones
  const left = running.up && dead && !have.enabled
  const restarts = running.up && enable !== false && !left && (changed.length > 0 || dead)
  const bridge = have.network?.bridge ?? network.bridge
  if (script === undefined) return
  const served =
    restarts && changed.every((name) => ofDnsmasq.has(name)) ? dnsmasqFor(running.dnsmasq, network) : undefined
  if (served !== undefined) swapDnsmasq(desk, have, network, running, served)
  const anew = restarts && served === undefined
  const stops = (running.up && enable === false) || anew
  const starts = (!running.up && enable === true) || left || anew
  const managed = running.unit.size > 0
  const flag = `${have.runtime}/network_up`
  const active = running.unit.get('ActiveState') === 'active'
  // what systemd did not start it does not stop, and of a masked unit it knows no ExecStop
  const byUnit = managed && !running.masked && (running.up && !left ? active : true)
  const commands = byUnit ? byUnitCommands : byScriptCommands(script, have.runtime)
  if (stops && running.masked && active)
    desk.before(['systemctl', 'stop', unit], { undo: ['true'], why: 'else systemd would not start it once it may' })
  if (stops)
    desk.before(commands.stop(bridge), {
      undo: commands.start(bridge),
      why: `${bridge} goes down with its old settings`,
      impact: 'reconnect',
      ...(enable === false ? { check: ['test', '!', '-e', flag] } : {}),
    })
  if (left)
    desk.after(named(bridge, script, 'stop'), {
      undo: named(bridge, ...shell('[ -e "$2" ] || exec "$1" start', script, flag)),
      why: `what is left of ${bridge} goes`,
      impact: 'reconnect',
    })
  if (enable === true && running.unit.get('UnitFileState') === 'disabled')
    desk.after(['systemctl', 'enable', unit], {
      undo: ['systemctl', 'disable', unit],
      why: 'lxc-net comes up at boot',
    })
  if (!starts) return
  const links = [...(desk.reading.view.links?.values() ?? [])]
  const ports = links.filter(({ master }) => master === bridge).map(({ name }) => name)
  // a unit that stayed active when its network was stopped by hand is not started by a start
  const again = byUnit && active && !stops
  const start = again ? named(network.bridge, 'systemctl', 'restart', unit) : commands.start(network.bridge)
  desk.after(start, { ...started(network, ports), undo: commands.stop(network.bridge) })
  if (anew && bridge !== network.bridge)
    desk.after(rehome(bridge, network.bridge), {
      undo: bringHome(network.bridge, bridge),
      why: `NICs of running containers move from ${bridge} to ${network.bridge}`,
      impact: 'reconnect',
    })
}

/** What is told to dnsmasq alone: nobody who has an address notices that another one answers. */
const ofDnsmasq = new Set<Variable>(['LXC_DOMAIN', 'LXC_DHCP_RANGE', 'LXC_DHCP_MAX'])

/** The command line that lxc-net would start its dnsmasq with; undefined when the running one is none of lxc-net's. */
export function dnsmasqFor(old: readonly string[], { domain, range }: Network): string[] | undefined {
  const words = [...old]
  const said = words.indexOf('-s')
  if (said !== -1) words.splice(said, words[said + 2] === '-S' ? 4 : 2)
  const conf = words.findIndex((word) => word.startsWith('--conf-file'))
  const ranges = words.indexOf('--dhcp-range')
  const most = words.findIndex((word) => word.startsWith('--dhcp-lease-max='))
  if (conf === -1 || ranges === -1 || most === -1) return undefined
  words[ranges + 1] = rangeText(range)
  words[most] = `--dhcp-lease-max=${range.last - range.first + 1n}`
  if (domain !== undefined) words.splice(conf + 1, 0, '-s', domain, '-S', `/${domain}/`)
  return words
}

function swapDnsmasq(
  desk: Desk,
  { runtime }: LxcNet,
  { bridge }: Network,
  { dnsmasq }: Running,
  words: readonly string[],
): void {
  const address = words[words.indexOf('--listen-address') + 1] ?? ''
  const place = { pidFile: `${runtime}/dnsmasq.pid`, bridge, address }
  const script = templateText('dnsmasq-restart.sh')
  desk.after(putBack(script, place, words), {
    undo: putBack(script, place, dnsmasq),
    why: 'another dnsmasq takes over: its answers can be late for a moment, all other traffic flows on',
    impact: 'reconnect',
    check: runsAs(place.pidFile, words),
  })
}

/** It is there with its address, and so are those ports that the bridge had and that still exist. */
const isUp = `ip -o address show dev "$1" | grep -qF " $2 " || exit
bridge=$1
shift 2
for p; do
  [ ! -e /sys/class/net/"$p" ] || [ -e /sys/class/net/"$bridge"/brif/"$p" ] || { echo "$p is not in $bridge" >&2; exit 1; }
done`

const started = (network: Network, ports: readonly string[]): Pick<RunOptions, 'why' | 'check' | 'impact'> => {
  const address = `${formatAddress(network.address, 4)}/${network.subnet.prefix}`
  return {
    why: `${network.bridge} comes up as ${address}, and lxc-net sets ${forwarding(network)}`,
    impact: 'reconnect',
    check: shell(isUp, network.bridge, address, ...ports),
  }
}

interface Commands {
  stop(bridge: string): string[]
  /** Also the way back from `stop`, wherever that was killed: by a change, or by the rollback of one. */
  start(bridge: string): string[]
}

// No command reads LXC_BRIDGE from its environment: it stands there for people, and for the dead man's switch, which looks
// for the names of links in what is run.
const named = (bridge: string, ...argv: string[]): string[] => ['env', `LXC_BRIDGE=${bridge}`, ...argv]

const byUnitCommands: Commands = {
  stop: (bridge) => named(bridge, 'systemctl', 'stop', unit),
  // the way back must not end at systemd's limit of starts in ten seconds, systemd.unit(5) StartLimitBurst
  start: (bridge) => named(bridge, ...shell('systemctl reset-failed "$1"; exec systemctl start "$1"', unit)),
}

/**
 * `stop` does nothing without the flag, which a start that was killed has not set yet; `start` fails with it, which a
 * stop that was killed has not removed yet, and `restart` does not.
 */
const byScriptCommands = (script: string, runtime: string): Commands => ({
  stop: (bridge) => named(bridge, ...shell('mkdir -p "$2" && : >"$2/network_up" && exec "$1" stop', script, runtime)),
  start: (bridge) => named(bridge, script, 'restart'),
})

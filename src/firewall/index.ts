/** The firewall room: rules that lxcnet has on a host for forwards and networks, and who else filters there. */
import type { Probe } from '../core/probe.ts'

export { firewallCodes } from './codes.ts'
export {
  type Entrance,
  namePattern,
  overlap,
  parseEntrance,
  printEntrance,
} from './name.ts'
export {
  hasForeignTable,
  hasNoTool,
  isWayIn,
  type Listener,
  lacksConntrack,
  listensOn,
  natOnBridges,
  readDroppers,
  readListeners,
  readRivals,
  rulesStand,
} from './others.ts'
export { type Forward, type NetworkRules, noRules, parseRules, printRules, type Rules, saySame } from './rules.ts'
export { ownerOf, type UfwRule, ufwAllow, ufwDelete } from './ufw.ts'
export { checkForwardValue, forwardWords, parseTarget, type Target, targetPorts } from './words.ts'

/** What the piece of the rules reads at its end, and the hook of targets; their names outlive releases. */
export const firewallBody = '/etc/lxcnet/firewall.sh'
export const forwardHook = '/etc/lxcnet/hooks/forward'

export const firewallProbe: Probe = {
  fragment: 'firewall.sh',
  setup: [],
  frames: [],
  live: ['firewall_live'],
  paths: [`lx_path /etc/ufw/ufw.conf /etc/ufw/user.rules /etc/ufw/user6.rules ${firewallBody} ${forwardHook}`],
}

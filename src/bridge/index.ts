/**
 * The bridge room: bridges of the host that stand in its own network files, so that the host itself brings them back at
 * boot: ifupdown's, systemd-networkd's, or netplan's, whichever keeps the network there.
 */
import { addIfupdown, editIfupdown } from './ifupdown.ts'
import type { Added, BackendName, Bridge, Texts, Uplink } from './model.ts'
import { addNetplan, editNetplan } from './netplan.ts'
import { addNetworkd, editNetworkd } from './networkd.ts'

export { bridgeCodes } from './codes.ts'
export { defaultLink, withDefaultLink } from './default-conf.ts'
export {
  backendOf,
  bridgeProbe,
  filesOf,
  hasNetworkManager,
  hasNoCarrier,
  isThere,
  isWireless,
  leaseOf,
  standingBridges,
  standingIn,
  textsOf,
} from './host.ts'
export {
  type Added,
  type BackendName,
  type Bridge,
  bridgeOf,
  portOf,
  type Standing,
  settingsOf,
  Texts,
} from './model.ts'
export { netplanRenderer } from './netplan.ts'
export {
  editOf,
  handBack,
  printRecord,
  type Record,
  readRecord,
  recordFolder,
  recordPath,
  settingsNow,
} from './record.ts'
export { bridgeWords, checkBridgeValue } from './words.ts'

/** How a system's files are written and edited. */
interface Backend {
  add(texts: Texts, files: readonly string[], bridge: Bridge, uplink: Uplink): Added
  edit(texts: Texts, files: readonly string[], old: Bridge, now: Bridge): void
}

export const backends: { [name in BackendName]: Backend } = {
  ifupdown: { add: addIfupdown, edit: editIfupdown },
  networkd: { add: addNetworkd, edit: editNetworkd },
  netplan: { add: addNetplan, edit: editNetplan },
}

/**
 * The gateway room: a container with a NIC outside and a NIC inside that forwards and masquerades for the containers
 * behind it. What it does is set in its network namespace by hooks/gateway, from the host, at every start.
 */
import type { Probe } from '../core/probe.ts'

export { gatewayCodes } from './codes.ts'
export {
  type GatewayRecord,
  hookKey,
  hookPath,
  type Made,
  printRecord,
  readRecord,
  settingsFolder,
  settingsPath,
  type Was,
} from './settings.ts'
export {
  checkGatewayValue,
  containerName,
  type Gateway,
  gatewayFaults,
  gatewayOf,
  gatewayWords,
} from './words.ts'

export const gatewayProbe: Probe = {
  fragment: 'gateway.sh',
  setup: [],
  frames: [],
  live: ['gateway_live'],
  paths: ['gateway_paths'],
}

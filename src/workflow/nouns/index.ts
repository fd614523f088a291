/**
 * All nouns, in the order in which one may need what another makes: what links hang on comes first, what names containers
 * last.
 */
import type { Noun } from '../noun/noun.ts'
import { bridge } from './bridge/bridge.ts'
import { dhcp } from './dhcp/dhcp.ts'
import { forward } from './forward/forward.ts'
import { gateway } from './gateway/gateway.ts'
import { nat } from './nat/nat.ts'
import { ovs } from './ovs/ovs.ts'
import { shim } from './shim/shim.ts'

export const nouns: readonly Noun[] = [ovs, bridge, nat, dhcp, shim, gateway, forward]

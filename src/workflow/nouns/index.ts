/**
 * All nouns, in the order in which one may need what another makes: what links hang on comes first, what names containers
 * last.
 */
import type { Noun } from '../noun/noun.ts'
import { bridge } from './bridge.ts'
import { dhcp } from './dhcp.ts'
import { forward } from './forward.ts'
import { gateway } from './gateway.ts'
import { nat } from './nat.ts'
import { ovs } from './ovs.ts'
import { shim } from './shim.ts'

export const nouns: readonly Noun[] = [ovs, bridge, nat, dhcp, shim, gateway, forward]

/** The nic room: lxc.net.N.* of one container. */
export { alreadySo, type Built, buildNic, choose, type Entries, isNextOf, type Random } from './build.ts'
export { checkNic, type Finding, type Subject } from './checks.ts'
export { nicCodes } from './codes.ts'
export { findKey, type Key, keyOfWord, keys, type NicType, nicTypes, type ValueKind } from './keys.ts'
export {
  type Container,
  type HostLink,
  type HostView,
  modeOf,
  type Nic,
  namesInside,
  programOf,
  typeOf,
  value,
  values,
} from './model.ts'
export { pendingChanges } from './pending.ts'
export { hookDown, hookUp, linkOf, type Plug, plugEntries, plugOf } from './plug.ts'
export { nicProbe } from './probe.ts'
export { readHost } from './read.ts'
export { checkValue } from './value.ts'

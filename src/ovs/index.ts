/** The ovs room: switches of Open vSwitch, ovs-vsctl(8) and ovs-vswitchd.conf.db(5). */
export { ovsCodes } from './codes.ts'
export { hookReason } from './hook.ts'
export { ovsPiece, ovsSettings, ovsVariables, switchOfPiece } from './piece.ts'
export { type OpenVswitch, ovsProbe, type Port, readOvs, type Switch } from './read.ts'
export { checkOvsValue, ovsWords, switchName } from './words.ts'

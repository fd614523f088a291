/** The dnsmasq room: which client of a NAT network always gets which address, and who has leased what. */
export { dnsmasqCodes } from './codes.ts'
export { entryText, type HostEntry, isHostName, readEntry, withAddress } from './host-entry.ts'
export { isLive, type Lease, parseLeases } from './leases.ts'
export { dnsmasqProbe, interfacesProbe } from './probe.ts'
export {
  confFileOf,
  putBack,
  readServer,
  release,
  reread,
  restart,
  restartWithout,
  runsAs,
  runsWith,
  type Server,
} from './server.ts'
export { checkReservationWord, reservationWords } from './words.ts'

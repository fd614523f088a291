/** The site room: lxcnet.yaml, what a fleet of LXC hosts should be. */
export { siteCodes } from './codes.ts'
export {
  containersOf,
  type Network,
  type NicTable,
  type NicWord,
  type Site,
  type SiteContainer,
} from './model.ts'
export { defaultSiteName, type ParsedSite, parseSite } from './parse.ts'
export { type Draft, type DraftContainer, type DraftEntries, type DraftValue, printSite } from './print.ts'
export { type JsonSchema, siteSchema } from './schema.ts'

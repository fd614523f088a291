/** The site room: lxcnet.yaml, what a fleet of LXC hosts should be. */
export { siteCodes } from './codes.ts'
export {
  containersOf,
  type Network,
  objectsOf,
  type SectionTable,
  type Site,
  type SiteContainer,
  type SiteObject,
  type SiteTable,
} from './model.ts'
export { defaultSiteName, type ParsedSite, parseSite } from './parse.ts'
export {
  type Draft,
  type DraftContainer,
  type DraftEntries,
  type DraftObject,
  type DraftValue,
  printSite,
} from './print.ts'
export { type JsonSchema, siteSchema } from './schema.ts'

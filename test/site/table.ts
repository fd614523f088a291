/** What a site file of these tests can say: the NICs of lxcnet, and a noun that there is not. */
import type { SectionTable, SiteTable } from '../../src/site/index.ts'
import { siteTable } from '../../src/workflow/site-file.ts'

const rings: SectionTable = {
  noun: 'ring',
  section: 'rings',
  summary: 'rings of the host',
  name: { pattern: /^[a-z][a-z0-9/]*$/, words: 'small letters, digits and "/", a letter first' },
  words: [
    {
      flag: 'uplink',
      list: false,
      required: true,
      helpValue: 'LINK',
      summary: 'what it hangs on',
      value: { kind: 'text' },
    },
    { flag: 'member', list: true, summary: 'what is on it', value: { kind: 'text' } },
    { flag: 'mode', list: false, summary: 'who reaches whom', value: { kind: 'choice', of: ['open', 'shut'] } },
    { flag: 'vlan-id', list: false, summary: 'VLAN of it', value: { kind: 'number', least: 1, most: 4094 } },
  ],
  check(flag, text) {
    if (!text.includes('?')) return { value: text.toLowerCase() }
    return { code: 'bad-link', message: `${flag}: "${text}" contains "?"`, fix: 'name a link' }
  },
}

export const table: SiteTable = { ...siteTable, sections: [rings] }

/** The JSON schema that editors get: the published one, and that it refuses what lxcnet refuses. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { parseSite, siteSchema } from '../../src/site/index.ts'
import { siteTable } from '../../src/workflow/site-file.ts'
import { table } from './table.ts'

const project = join(import.meta.dirname, '../..')
const ajvOf = (schema: object) => new Ajv2020({ allowUnionTypes: true, strictTypes: false }).compile(schema)
const validate = ajvOf(siteSchema(table))

/** Codes that are about structure: what a schema can see. */
const structural = [
  'no-such-key',
  'no-value',
  'wrong-kind',
  'bad-site-name',
  'bad-host-name',
  'bad-network-name',
  'bad-container-name',
  'bad-index',
  'bad-name',
]

/** As an editor sees the file, with numbers and truth values. */
const isRightByAjv = (text: string): boolean => validate(parse(text, { schema: 'core', uniqueKeys: false }))

const isRight = (text: string): boolean =>
  !parseSite(Buffer.from(text).toString('latin1'), 'f', table).problems.some(({ code }) => structural.includes(code))

describe('the schema of site files', () => {
  it('is the one that is published: lxcnet validate --schema > src/site/lxcnet.schema.json', () =>
    assert.deepEqual(
      JSON.parse(readFileSync(join(project, 'src/site/lxcnet.schema.json'), 'utf8')),
      JSON.parse(JSON.stringify(siteSchema(siteTable))),
    ))

  it('describes every key', () => {
    const { $defs = {}, properties = {} } = siteSchema(table)
    const all = [properties, ...Object.values($defs).map((one) => one.properties ?? {})].flatMap((one) =>
      Object.entries(one),
    )
    assert.ok(all.length > 50)
    for (const [key, { description = '' }] of all) assert.ok(description.length > 3, key)
  })

  const good = [
    'site: production',
    'hosts: { lxc1: {}, lxc2: , lxc3: ~, 4: { address: 192.0.2.1, port: 22 } }',
    'networks: { dmz: { type: veth, link: 1, links: { 10: true }, mtu: "1450", vlan-id: none, l2proxy: 0 } }',
    'containers: { 1: { host: lxc1, nics: { 0: { type: veth, ipv4: 10.0.0.1/8, hwaddr: 00:16:3e:00:00:01 } } } }',
    'containers: { "a@b": { nics: { 0: { type: macvlan, mode: passthru, vlan-tagged-id: [1, "2"], ifname: 1e3 } } } }',
    'hosts: { a: {} }\nrings: { r1: { uplink: 1 }, r2: { hosts: a, uplink: x, on: { a: { vlan-id: 7 } } } }',
    'hosts: { a: {} }\nrings: { r1: { hosts: [a], uplink: eth0, member: [a, 2] }, r2: { on: { a: { uplink: b } } } }',
  ]
  const bad = [
    'site: [a]',
    'site: A',
    'site: ',
    'sites: a',
    'hosts: [lxc1]',
    'hosts: { -a: {} }',
    'hosts: { a: { adress: b } }',
    'hosts: { a: { address: } }',
    'hosts: { a: b }',
    'networks: { a: }',
    'networks: { a: { hwaddr: 00:16:3e:00:00:01 } }',
    'networks: { a: { link: [b] } }',
    'networks: { a: { links: b } }',
    'networks: { a: { links: { b: [c] } } }',
    'networks: { "a b": {} }',
    'containers: { a: { nics: [] } }',
    'containers: { a: { nics: { eth0: {} } } }',
    'containers: { a: { nics: { "01": {} } } }',
    'containers: { a: { nics: { 0: } } }',
    'containers: { a: { nics: { 0: { ipv4: [] } } } }',
    'containers: { a: { nics: { 0: { ipv4: [[b]] } } } }',
    'containers: { a: { nics: { 0: { mtu: {} } } } }',
    'containers: { a: { nics: { 0: { ipv4: ~ } } } }',
    'containers: { "a b": {} }',
    'containers: { a@: {} }',
    'containers: ',
    'nosuch: {}',
    'rings: []',
    'rings: { r1: { uplink: [a] } }',
    'rings: { r1: { hosts: [] } }',
    'rings: { r1: { hosts: [[a]] } }',
    'rings: { r1: { on: a } }',
    'rings: { r1: { on: { a: } } }',
    'rings: { r1: { on: { a: { on: {} } } } }',
    'rings: { r1: { on: { a: { hosts: b } } } }',
    'rings: { R1: { uplink: a } }',
    '[]',
  ]
  for (const text of good)
    it(`takes ${text.split('\n').at(-1)}, like lxcnet`, () => assert.ok(isRight(text) && isRightByAjv(text)))
  for (const text of bad) it(`refuses ${text}, like lxcnet`, () => assert.ok(!isRight(text) && !isRightByAjv(text)))

  it('takes the example of the manual', () => {
    const text = readFileSync(join(project, 'templates/man/lxcnet.yaml'), 'utf8')
    assert.ok(ajvOf(siteSchema(siteTable))(parse(text, { schema: 'core' })))
    assert.deepEqual(parseSite(Buffer.from(text).toString('latin1'), 'f', siteTable).problems, [])
  })

  it('says of the golden files what lxcnet says', () => {
    const files = globSync('{structure,hosts,networks,objects,containers,right,duplicates}.in', {
      cwd: join(import.meta.dirname, 'golden'),
    })
    assert.equal(files.length, 7)
    for (const file of files) {
      const text = readFileSync(join(import.meta.dirname, 'golden', file), 'utf8')
      if (!isRight(text)) assert.ok(!isRightByAjv(text), file)
    }
  })

  for (const text of [
    'networks: { a: { type: bridge } }',
    'networks: { a: { mtu: 10 } }',
    'networks: { a: { mtu: "x" } }',
    'networks: { a: { subnet: 10.0.0.0 } }',
    'containers: { a: { nics: { 0: { vlan-id: 4095 } } } }',
    'rings: { a: { vlan-id: 4095 } }',
    'rings: { a: { on: { b: { mode: ajar } } } }',
  ])
    it(`lets an editor see what is wrong with a value: ${text}`, () => assert.ok(!isRightByAjv(text)))
})

/** `lxcnet validate`, as it is typed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { project, type Ran } from './cli.ts'

const ajv = new Ajv2020({ allErrors: true })
const schema = readFileSync(join(project, 'src/report/schema/lxcnet.validate.json'), 'utf8')
const isReport = ajv.compile(JSON.parse(schema) as object)

describe('lxcnet validate', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'lxcnet-site-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  /** Where a user stands in the folder with the file. */
  function validate(text: string | undefined, ...args: string[]): Ran {
    if (text === undefined) rmSync(join(folder, 'lxcnet.yaml'), { force: true })
    else writeFileSync(join(folder, 'lxcnet.yaml'), text, 'latin1')
    const words = [join(project, 'bin/run.js'), 'validate', ...args]
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' })
    return { status, stdout, stderr }
  }

  const right = 'hosts: { lxc1: {} }\ncontainers: { web01: { host: lxc1, nics: { 0: { type: veth, link: br0 } } } }\n'
  const twice = 'hosts: { lxc1: {}, lxc2: {} }\ncontainers: { a@lxc1: {}, a@lxc2: {} }\n'
  const wrong = 'host: { lxc1: {} }\ncontainers:\n  \xc3\xa9: { host: lxc1 }\n'

  it('says what is in a file that is right, and exits 0', () =>
    assert.deepEqual(validate(right), {
      status: 0,
      stdout: 'lxcnet.yaml: site default, 1 host, 0 networks, 1 container, 1 NIC; nothing is wrong\n',
      stderr: '',
    }))

  it('prints every error like any error, then how many, and exits 65', () =>
    assert.deepEqual(validate(wrong), {
      status: 65,
      stdout: `Error: host: there is no such key
lxcnet.yaml:1:1
host: { lxc1: {} }
^^^^
Code: no-such-key
Try this: did you mean hosts?

Error: "é" is not the name of a container
lxcnet.yaml:3:3
  é: { host: lxc1 }
  ^
Code: bad-container-name
Try this: letters, digits, ".", "_" and "-", a letter or digit first, at most 64; then @HOST, or nothing

Error: é: "lxc1" is not one of the hosts
lxcnet.yaml:3:15
  é: { host: lxc1 }
             ^^^^
Code: host-not-listed
Try this: put "lxc1: {}" below hosts

lxcnet.yaml: 3 errors, 0 warnings
`,
      stderr: '',
    }))

  it('exits 0 with warnings, which --allow takes away', () => {
    const { status, stdout } = validate(twice)
    assert.equal(status, 0)
    assert.match(stdout, /^Warning: a is on lxc2 and on lxc1 \(line 2\)\nlxcnet\.yaml:2:27\n/)
    assert.match(stdout, /\n\nlxcnet\.yaml: site default, 2 hosts, .*; 1 warning\n$/)
    assert.match(validate(twice, '--allow', 'container-twice').stdout, /^lxcnet\.yaml: .*; nothing is wrong\n$/)
  })

  it('takes no error away with --allow', () =>
    assert.equal(validate(wrong, '--allow', 'no-such-key,bad-container-name,host-not-listed').status, 65))

  it('reads another file with --file', () => {
    writeFileSync(join(folder, 'other.yaml'), right)
    assert.match(validate(wrong, '-f', 'other.yaml').stdout, /^other\.yaml: site default/)
  })

  it('names lxcnet import when there is no file', () => {
    const { status, stderr } = validate(undefined)
    assert.equal(status, 65)
    assert.match(
      stderr,
      /^Error: there is no site file lxcnet\.yaml\nCode: no-site-file\nTry this:\n\* `lxcnet import`/,
    )
  })

  it('says why a file cannot be read', () =>
    assert.match(validate(right, '-f', '.').stderr, /^Error: \. cannot be read as a site file\nCause: EISDIR/))

  for (const [name, text, status] of [
    ['is right', right, 0],
    ['has warnings', twice, 0],
    ['has errors', wrong, 65],
    ['is not YAML', 'a: [', 65],
    ['is not UTF-8', 'a: \xff', 65],
    ['is empty', '', 65],
  ] as const)
    it(`prints one document that fits its schema with --json, for a file that ${name}`, () => {
      const ran = validate(text, '--json')
      const report = JSON.parse(ran.stdout) as { problems: unknown[]; site: unknown }
      assert.ok(isReport(report), ajv.errorsText(isReport.errors))
      assert.equal(ran.status, status)
      assert.equal(report.site === null, status === 65)
      assert.equal(ran.stderr, '')
    })

  it('decodes what it prints with --json', () => {
    const { problems } = JSON.parse(validate(wrong, '--json').stdout) as { problems: { message: string }[] }
    assert.equal(problems[1]?.message, '"é" is not the name of a container')
  })

  it('prints the published JSON schema', () => {
    const published = readFileSync(join(project, 'src/site/lxcnet.schema.json'), 'utf8')
    assert.deepEqual(JSON.parse(validate(undefined, '--schema').stdout), JSON.parse(published))
  })
})

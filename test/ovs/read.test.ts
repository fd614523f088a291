/** What Open vSwitch 3.1 answered on a real host, and answers that are cut or not there. */
import assert from 'node:assert/strict'
import { readOvs } from '../../src/ovs/index.ts'

const id = (n: number): [string, string] => ['uuid', `00000000-0000-4000-8000-00000000000${n}`]
const none = ['set', []]
const table = (headings: string[], data: unknown[][]): string => JSON.stringify({ data, headings })
const bridges = table(
  ['name', 'datapath_type', 'stp_enable', 'ports', 'external_ids'],
  [
    ['sw0', 'netdev', true, ['set', [id(1), id(2), id(3)]], ['map', []]],
    ['sw1', '', false, id(4), ['map', []]],
  ],
)
const ports = table(
  ['_uuid', 'name', 'interfaces', 'tag', 'trunks', 'vlan_mode', 'external_ids'],
  [
    [id(1), 'sw0', id(5), 10, none, none, ['map', []]],
    [id(2), 'vethX', id(6), none, ['set', [20, 30]], 'trunk', ['map', [['lxc-container', 'web01']]]],
    [id(3), 'bond0', ['set', [id(5), id(6)]], none, none, none, ['map', []]],
    [id(4), 't', id(7), none, none, none, ['map', []]],
  ],
)
const interfaces = table(
  ['_uuid', 'name', 'type', 'options', 'ofport', 'error', 'mtu_request'],
  [
    [id(5), 'sw0', 'internal', ['map', []], 65534, none, 1450],
    [id(6), 'vethX', '', ['map', []], -1, 'could not open network device vethX (No such device)', none],
    [
      id(7),
      't',
      'vxlan',
      [
        'map',
        [
          ['key', '42'],
          ['remote_ip', '2001:db8::2'],
        ],
      ],
      1,
      none,
      none,
    ],
  ],
)

const answers = (tables: string | undefined, status = 0) =>
  new Map([
    ['ovs-program', { status: 0, text: '' }],
    ['ovs-daemon', { status: 0, text: '' }],
    ...(tables === undefined ? [] : ([['ovs-tables', { status, text: tables }]] as const)),
  ])

describe('answers of Open vSwitch', () => {
  it('ports, VLANs, tunnels and the container of a port are read; a bond is no uplink', () => {
    const state = readOvs(answers(`${bridges}\n${ports}\n${interfaces}\n`))
    const bare = { tag: undefined, trunks: [], vlanMode: undefined, container: undefined, error: undefined }
    const plain = { ...bare, tunnel: undefined, mtuRequest: undefined }
    assert.deepEqual(state?.switches?.get('sw0'), {
      name: 'sw0',
      netdev: true,
      stp: true,
      ports: [
        { ...plain, name: 'sw0', type: 'internal', tag: '10', mtuRequest: '1450' },
        {
          ...plain,
          name: 'vethX',
          type: '',
          trunks: ['20', '30'],
          vlanMode: 'trunk',
          container: 'web01',
          error: 'could not open network device vethX (No such device)',
        },
      ],
    })
    assert.equal(state?.switches?.get('sw1')?.ports[0]?.tunnel, 'vxlan:[2001:db8::2]:42')
  })

  it('without a database, or with one that does not answer, nothing is said of switches', () => {
    assert.equal(readOvs(answers(undefined))?.switches, undefined)
    assert.equal(readOvs(answers('', 142))?.switches, undefined)
    assert.equal(readOvs(new Map()), undefined, 'nothing was asked under --root')
    assert.equal(readOvs(new Map([['ovs-program', { status: 1, text: '' }]]))?.installed, false)
  })

  it('say that the kernel has no datapath, and nothing where nobody could be asked', () => {
    for (const [status, datapath] of [
      [0, true],
      [1, false],
      [127, true],
    ] as const) {
      const state = readOvs(new Map([...answers(''), ['ovs-datapath', { status, text: '' }]]))
      assert.equal(state?.datapath, datapath)
    }
    assert.equal(readOvs(answers(''))?.datapath, true)
  })

  it('an answer that was cut is no switch, and no crash', () => {
    const whole = `${bridges}\n${ports}\n${interfaces}\n`
    for (let length = 0; length < whole.length; length += 7)
      assert.ok((readOvs(answers(whole.slice(0, length)))?.switches?.size ?? 0) <= 2)
  })
})

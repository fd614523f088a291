/** `lxcnet shim`: the host's own macvlan on a parent. */
import { bootProbe, piecePath, pieceSettings, pieceText, readPieces } from '../../boot/index.ts'
import type { HostLink } from '../../nic/index.ts'
import { checkShimValue, sameSubnet, shimWords, usualName } from '../../shim/index.ts'
import { templateText } from '../../template/template.ts'
import type { Reading, View } from '../context.ts'
import type { Desk } from '../noun/desk.ts'
import type { Found, Noun, Settings, Wish } from '../noun/noun.ts'

const piecePrefix = '40-shim-'

export const shim: Noun = {
  noun: 'shim',
  section: 'shims',
  summary: "the host's own way to its macvlan containers",
  name: {
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/,
    words: 'the link that the macvlan containers hang on, such as lxcbr2 or eth1',
    argument: 'PARENT',
  },
  words: shimWords,
  probes: () => [bootProbe],
  check: checkShimValue,
  find: (_, { snapshot, view }) =>
    [...readPieces(snapshot)]
      .filter(([piece]) => piece.startsWith(piecePrefix))
      .map(([piece, text]) => foundShim(piece, pieceSettings(text), view)),
  plan(desk, wishes) {
    for (const wish of wishes) planShim(desk, wish)
  },
  inspect: (context, reading) =>
    shim
      .find(context, reading)
      .filter(({ state }) => state === 'down')
      .map(({ name }) => ({
        severity: 'error',
        code: 'shim-down',
        message: `shim ${name} is not there, or has lost its address`,
        fix: 'sh /etc/lxcnet/boot',
      })),
}

function foundShim(piece: string, values: ReadonlyMap<string, string>, { links }: View): Found {
  const list = (name: string): string[] => values.get(name)?.split(' ').filter(Boolean) ?? []
  const ifname = values.get('ifname') ?? ''
  const addresses = list('address')
  const settings: [string, string[]][] = [
    ['address', addresses],
    ['route', list('route')],
    ['ifname', [ifname]],
  ]
  return {
    name: values.get('parent') ?? '',
    settings: new Map(settings.filter(([, texts]) => texts.length > 0)),
    from: piecePath(piece),
    state: links === undefined ? 'unknown' : isUp(links.get(ifname), addresses) ? 'up' : 'down',
    own: true,
  }
}

const isUp = (link: HostLink | undefined, addresses: readonly string[]): boolean =>
  link?.kind === 'macvlan' && link.up && addresses.every((one) => link.addresses.includes(one))

function planShim(desk: Desk, { name: parent, want, have }: Wish): void {
  const ifname = (want ?? have?.settings)?.get('ifname')?.[0] ?? usualName(parent)
  const piece = piecePrefix + parent
  if (want === undefined) {
    desk.piece(piece, null, { why: `takes the shim of ${parent} away` })
    desk.promise(ifname, null)
    desk.say(`shim ${parent}: removed`)
    return
  }
  const settings = settingsOf(parent, want, desk.reading, ifname)
  const text = pieceText(`shim ${parent}`, `\`lxcnet shim set ${parent}\``, settings, templateText('boot/shim.sh'))
  if (text === desk.pieceText(piece)) return
  const old = have?.settings.get('ifname')?.[0]
  const { links } = desk.view
  if (links !== undefined && !links.has(parent))
    desk.note({
      severity: 'error',
      code: 'shim-no-parent',
      message: `there is no link ${parent} on this host`,
      fix: '`ip -br link` lists them; `lxcnet bridge create` makes a bridge',
    })
  if (links?.has(ifname) && ifname !== old)
    desk.note({
      severity: 'error',
      code: 'name-taken',
      message: `there is a link ${ifname} already, which lxcnet did not make`,
      fix: '--ifname gives the shim another name',
    })
  const addresses = want.get('address') ?? []
  desk.piece(piece, text, { why: `the host reaches the macvlan containers on ${parent} as ${addresses.join(', ')}` })
  desk.promise(ifname, { kind: 'macvlan', parent, mode: 'bridge', addresses: [...addresses] })
  desk.say(`shim ${parent}: ${have === undefined ? 'made' : 'changed'}, ${ifname} with ${addresses.join(', ')}`)
}

/** The piece's settings. Where the host has an address of the subnet elsewhere, the kernel's route must stay there. */
function settingsOf(parent: string, want: Settings, { view }: Reading, ifname: string): Map<string, string> {
  const addresses = want.get('address') ?? []
  const others = [...(view.links?.values() ?? [])].filter((link) => link.name !== ifname)
  const elsewhere = others.some((link) =>
    link.addresses.some((one) => addresses.some((address) => sameSubnet(address, one))),
  )
  return new Map([
    ['parent', parent],
    ['ifname', ifname],
    ['address', addresses.join(' ')],
    ['subnet_route', elsewhere ? 'no' : 'yes'],
    ['route', (want.get('route') ?? []).join(' ')],
  ])
}

/** The questions of `lxcnet create` on a terminal: what was not said and cannot be guessed. */
import { exit, LxcnetError } from '../core/error.ts'
import { checkValue, type HostView, keyOfWord, type NicType, nicTypes } from '../nic/index.ts'
import { type Context, readView } from './context.ts'

/** The part of cli/ask.ts that is needed. */
export interface Asker {
  readonly interactive: boolean
  select(flag: string, message: string, choices: readonly { value: string; name?: string }[]): Promise<string>
  input(
    flag: string,
    message: string,
    options?: { default?: string; validate?: (text: string) => true | string },
  ): Promise<string>
}

export interface NicAnswers {
  container: string
  type: NicType
  given: ReadonlyMap<string, readonly string[]>
}

export interface PartialAnswers {
  container: string | undefined
  type: NicType | undefined
  given: ReadonlyMap<string, readonly string[]>
}

const types: Record<NicType, string> = {
  veth: 'a port of a bridge or Open vSwitch on the host',
  macvlan: 'a MAC of its own on a link of the host',
  ipvlan: "an address of its own behind a link's MAC",
  vlan: 'one VLAN of a link of the host',
  phys: 'a link of the host moves into the container',
  empty: 'the loopback alone',
  none: "the host's own network",
}

const modes: Partial<Record<NicType, { value: string; name: string }[]>> = {
  macvlan: [
    { value: 'bridge', name: 'bridge: containers on the link reach each other' },
    { value: 'private', name: 'private: they do not' },
    { value: 'vepa', name: 'vepa: only through the switch' },
    { value: 'passthru', name: 'passthru: one container has the link for itself' },
  ],
  ipvlan: [
    { value: 'l2', name: 'l2: like a port of a switch' },
    { value: 'l3', name: 'l3: routed, without broadcasts' },
    { value: 'l3s', name: 'l3s: routed, seen by the firewall' },
  ],
}

/** @throws {LxcnetError} `missing-answer` where nobody is there to answer */
export async function askForNic(
  context: Context,
  ask: Asker,
  { container, type, given }: PartialAnswers,
): Promise<NicAnswers> {
  if (container !== undefined && type !== undefined)
    return { container, type, given: await askRest(context, ask, type, given) }
  if (!ask.interactive) {
    const missing = container === undefined ? 'the container' : '--type'
    throw new LxcnetError('missing-answer', `${missing} is missing`, {
      exit: exit.usage,
      suggestions: [`lxcnet create CONTAINER --type ${nicTypes.join('|')}`],
    })
  }
  const { view } = await readView(context, { containers: [] })
  const name =
    container ??
    (await ask.select(
      'CONTAINER',
      'Which container?',
      [...view.containers.keys()].map((value) => ({ value })),
    ))
  const chosen =
    type ??
    ((await ask.select(
      '--type',
      'Which type of NIC?',
      nicTypes.map((value) => ({ value, name: `${value}: ${types[value]}` })),
    )) as NicType)
  const answers = new Map(given)
  if (!['empty', 'none'].includes(chosen) && !answers.has('ipv4')) {
    const address = await ask.input('--ipv4', 'IPv4 address with prefix (empty for none, next:SUBNET for a free one)', {
      validate: validator('ipv4', chosen),
    })
    if (address !== '') answers.set('ipv4', [address])
  }
  return { container: name, type: chosen, given: await askRest(context, ask, chosen, answers, view) }
}

/** The check that the answer will meet later, while it can still be typed again. */
function validator(flag: string, type: NicType): (text: string) => true | string {
  const key = keyOfWord(flag, type)
  return (text) => {
    if (key === undefined || text === '' || text.startsWith('next:')) return true
    const checked = checkValue(key, text, undefined)
    return 'value' in checked ? true : `${checked.message}; ${checked.fix}`
  }
}

/** What the type cannot do without, and its mode. */
async function askRest(
  context: Context,
  ask: Asker,
  type: NicType,
  given: ReadonlyMap<string, readonly string[]>,
  known?: HostView,
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (!ask.interactive) return given
  const answers = new Map(given)
  const choices = modes[type]
  if (choices !== undefined && !answers.has('mode'))
    answers.set('mode', [await ask.select('--mode', 'Which mode?', choices)])
  if (['veth', 'macvlan', 'ipvlan', 'vlan', 'phys'].includes(type) && !answers.has('link')) {
    const view = known ?? (await readView(context, { containers: [] })).view
    const links = [...(view.links?.values() ?? [])].filter(
      (link) => !link.loopback && (type !== 'veth' || link.kind === 'bridge' || view.ovsBridges.has(link.name)),
    )
    const link =
      links.length > 0
        ? await ask.select(
            '--link',
            type === 'veth' ? 'Which bridge?' : 'Which link?',
            links.map(({ name, kind }) => ({ value: name, name: kind === '' ? name : `${name} (${kind})` })),
          )
        : await ask.input('--link', type === 'veth' ? 'Bridge' : 'Link', {
            validate: (text) =>
              text === '' && type !== 'veth' ? `a ${type} needs a link` : validator('link', type)(text),
          })
    if (link !== '') answers.set('link', [link])
  }
  if (type === 'vlan' && !answers.has('vlan-id'))
    answers.set('vlan-id', [
      await ask.input('--vlan-id', 'VLAN id (1 to 4094)', { validate: validator('vlan-id', type) }),
    ])
  return answers
}

/** Which NICs an argument means: `web01:0`, `web01`, `web*:0`, `*:*`. */
import { exit, LxcnetError } from '../core/error.ts'
import { globPattern, isGlob } from '../core/glob.ts'
import type { Container, HostView, Nic } from '../nic/index.ts'
import { checkContainerName, containerOf } from './context.ts'

export interface Selected {
  container: Container & { text: string }
  nics: Nic[]
}

/**
 * @param argument container name or shell pattern, then optionally `:` and a NIC's index or `*`
 * @throws {LxcnetError} `no-container`, `no-nic`, `which-nic`, `bad-container-name`
 */
export function selectNics(view: HostView, argument: string): Selected[] {
  const [, names = '', index] = /^([^:]*)(?::(\d{1,10}|\*))?$/s.exec(argument) ?? []
  if (names === '') {
    throw new LxcnetError('bad-container-name', `${JSON.stringify(argument)} names no NIC`, {
      exit: exit.usage,
      suggestions: ['CONTAINER:INDEX, for instance web01:0 or "web*:0"'],
    })
  }
  return selectContainers(view, names).map((container) => ({ container, nics: nicsOf(container, index) }))
}

/** @param names container name or shell pattern */
export function selectContainers(view: HostView, names: string): (Container & { text: string })[] {
  if (!isGlob(names)) {
    checkContainerName(names)
    return [containerOf(view, names)]
  }
  const pattern = globPattern(names)
  const found = [...view.containers.keys()].filter((name) => pattern.test(name)).sort()
  if (found.length === 0)
    throw new LxcnetError('no-container', `no container is called like "${names}"`, {
      suggestions: ['`lxcnet list` shows the containers'],
    })
  return found.map((name) => containerOf(view, name))
}

function nicsOf(container: Container, index: string | undefined): Nic[] {
  const { nics } = container.effective
  if (index === '*') return nics
  if (index === undefined) {
    const [only, ...more] = nics
    if (only !== undefined && more.length === 0) return [only]
    throw new LxcnetError(
      only === undefined ? 'no-nic' : 'which-nic',
      `${container.name} has ${nics.length === 0 ? 'no NIC' : `${nics.length} NICs: ${nics.map((nic) => nic.index).join(', ')}`}`,
      {
        exit: exit.usage,
        suggestions: [
          only === undefined
            ? `\`lxcnet create ${container.name}\` gives it one`
            : `say which: ${container.name}:${only.index}`,
        ],
      },
    )
  }
  const nic = nics.find((one) => one.index === Number(index))
  if (nic !== undefined) return [nic]
  throw new LxcnetError(
    'no-nic',
    `${container.name} has no NIC ${index}${nics.length === 0 ? '' : `; it has ${nics.map((one) => one.index).join(', ')}`}`,
    {
      suggestions: [`\`lxcnet show ${container.name}\` lists its NICs`],
    },
  )
}

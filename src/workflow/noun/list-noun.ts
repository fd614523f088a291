/** `list` and `show` of every noun. */
import type { ObjectsReport } from '../../report/objects.ts'
import { type Context, readView } from '../context.ts'
import { byName, existing } from './change-noun.ts'
import type { Noun } from './noun.ts'

/** @param name one object alone */
export async function listNoun(context: Context, noun: Noun, name?: string): Promise<ObjectsReport> {
  const reading = await readView(context, { containers: [], probes: noun.probes(context) })
  const found = noun.find(context, reading)
  const chosen = name === undefined ? found : [existing(noun, name, byName(found))]
  return {
    schema: 'lxcnet.objects/1',
    host: context.host.name,
    noun: noun.noun,
    objects: chosen.map(({ name, settings, from, state, own }) => ({
      name,
      state,
      from,
      own,
      settings: Object.fromEntries(settings),
    })),
  }
}

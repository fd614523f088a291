/** `lxcnet ovs gc`: the ports that crashes have left. */
import { readOvs } from '../../../ovs/index.ts'
import type { ChangeReport } from '../../../report/change.ts'
import { change, type Mandate } from '../../change.ts'
import type { Context } from '../../context.ts'
import { refusePlainUser } from '../../noun/change-noun.ts'
import { Desk } from '../../noun/desk.ts'
import { switchProbes } from '../../switches.ts'
import { cannotChange, ovs } from './ovs.ts'
import { addPort, deadPorts } from './ports.ts'

export function collectDeadPorts(context: Context, mandate: Mandate): Promise<ChangeReport> {
  refusePlainUser(context, ovs)
  return change(context, {
    ...mandate,
    probes: switchProbes,
    draft: (reading) => {
      const desk = new Desk(context, reading)
      const state = readOvs(reading.snapshot.answers)
      desk.note(...cannotChange(state))
      for (const { name, port } of state === undefined ? [] : deadPorts(state, reading.view)) {
        desk.after(['ovs-vsctl', '-t', '10', '--if-exists', 'del-port', name, port.name], {
          // nobody waits for it to work: it did not before
          undo: ['ovs-vsctl', '-t', '10', '--no-wait', ...addPort(name, port)],
          why: `${port.name} of ${name} is dead: its link is gone`,
        })
        desk.say(`switch ${name}: dead port ${port.name} taken out`)
      }
      return desk.draft()
    },
  })
}

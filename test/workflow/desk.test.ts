/** The desk on which nouns put down what shall change: one plan, in an order whose reverse is the way back. */
import assert from 'node:assert/strict'
import { piecePath, runnerPath, starters } from '../../src/boot/index.ts'
import { LxcnetError } from '../../src/core/error.ts'
import { parse } from '../../src/document/lxc-config.ts'
import type { Draft } from '../../src/workflow/change.ts'
import { Desk } from '../../src/workflow/noun/desk.ts'
import { Table } from './ring.ts'

/** Each step in a word or two: `write /etc/a`, `remove /etc/a`, or a command. */
const steps = ({ changes }: Draft): string[] =>
  changes.map((step) =>
    step.kind === 'run' ? step.argv.join(' ') : `${step.after === null ? 'remove' : 'write'} ${step.path}`,
  )

const undos = ({ changes }: Draft): (string | undefined)[] =>
  changes.flatMap((step) => (step.kind === 'run' ? [step.undo?.join(' ')] : []))

const deskOf = (files: Record<string, string> = {}, { init = 'systemd', live = true } = {}): Desk => {
  const host = new Table(files, { live })
  return new Desk(host.context, host.reading({ init }))
}

const why = 'for a test'

describe('a desk', () => {
  it('runs what needs the old files backwards, then writes, then runs what needs the new ones, then what stays', () => {
    const desk = deskOf()
    for (const one of ['a', 'b']) {
      desk.final(['final', one], { why })
      desk.after(['after', one], { undo: ['undo-after', one], why })
      desk.before(['before', one], { undo: ['undo-before', one], why })
      desk.write(`/etc/${one}`, one, { why })
    }
    const draft = desk.draft()
    assert.deepEqual(steps(draft), [
      'before b',
      'before a',
      'write /etc/a',
      'write /etc/b',
      'after a',
      'after b',
      'final a',
      'final b',
    ])
    assert.deepEqual(undos(draft), [
      'undo-before b',
      'undo-before a',
      'undo-after a',
      'undo-after b',
      undefined,
      undefined,
    ])
  })

  it('shows each file as it will be, and writes it once with all reasons and the worst impact', () => {
    const desk = deskOf({ '/etc/a': 'old' })
    assert.equal(desk.text('/etc/a'), 'old')
    desk.write('/etc/a', 'newer', { why: 'first', impact: 'reconnect' })
    desk.write('/etc/a', `${desk.text('/etc/a')}, newest`, { why: 'second' })
    desk.write('/etc/b', 'x', { why, mode: 0o600 })
    assert.deepEqual(desk.draft().changes, [
      {
        kind: 'file',
        path: '/etc/a',
        before: 'old',
        after: 'newer, newest',
        mode: 0o640,
        uid: 7,
        gid: 8,
        why: 'first; second',
        impact: 'reconnect',
      },
      { kind: 'file', path: '/etc/b', before: null, after: 'x', mode: 0o600, uid: 0, gid: 0, why, impact: 'live' },
    ])
  })

  it('changes nothing of a file that ends as it was', () => {
    const desk = deskOf({ '/etc/a': 'old' })
    desk.write('/etc/a', null, { why })
    assert.equal(desk.text('/etc/a'), undefined)
    desk.write('/etc/a', 'old', { why })
    desk.write('/etc/b', null, { why })
    assert.deepEqual(desk.draft().changes, [])
  })

  it('writes to where a symbolic link leads, and not to what it could not read', () => {
    const desk = deskOf({ '/srv/a': 'old' })
    desk.reading.snapshot.links.set('/etc/a', '/srv/a')
    desk.reading.snapshot.unreadable.add('/etc/secret')
    assert.equal(desk.text('/etc/a'), 'old')
    desk.write('/etc/a', 'new', { why })
    assert.equal(desk.text('/srv/a'), 'new')
    assert.deepEqual(steps(desk.draft()), ['write /srv/a'])
    assert.throws(
      () => desk.write('/etc/secret', 'x', { why }),
      (error) => error instanceof LxcnetError && error.code === 'unreadable',
    )
  })

  it('leaves commands out under --root, and says which', () => {
    const desk = deskOf({}, { live: false })
    desk.write('/etc/a', 'a', { why })
    desk.after(['ip', 'link'], { undo: ['true'], why })
    desk.final(['lxc-start'], { why })
    const draft = desk.draft()
    assert.deepEqual(steps(draft), ['write /etc/a'])
    assert.deepEqual(draft.leftOut, [
      'ip link: no commands run under --root',
      'lxc-start: no commands run under --root',
    ])
  })

  it('has configs and promised links in its view', () => {
    const config = '/var/lib/lxc/web/config'
    const desk = deskOf({ [config]: 'lxc.uts.name = web\n' })
    const container = desk.view.containers.get('web')
    assert.ok(container?.text !== undefined)
    const lines = parse('lxc.uts.name = web\nlxc.net.0.type = empty\n')
    desk.touch([{ container: { ...container, text: container.text }, lines, indexes: [0], why }], { restart: false })
    assert.equal(desk.view.containers.get('web')?.effective.nics.length, 1)
    assert.equal(desk.text(config), 'lxc.uts.name = web\nlxc.net.0.type = empty\n')
    desk.view = { ...desk.view, links: new Map() }
    desk.promise('br0', { kind: 'bridge', mtu: 1400 })
    assert.deepEqual([desk.view.links?.get('br0')?.kind, desk.view.links?.get('br0')?.mtu], ['bridge', 1400])
    desk.promise('br0', null)
    assert.equal(desk.view.links?.size, 0)
    assert.deepEqual(desk.draft().containers, ['web'])
  })

  it('restarts a container once that is touched twice', () => {
    const desk = deskOf({ '/var/lib/lxc/web/config': 'lxc.uts.name = web\n' })
    for (const mtu of ['1400', '1300']) {
      const container = desk.view.containers.get('web')
      assert.ok(container?.text !== undefined)
      const running = { ...container, text: container.text, state: 'running' as const }
      desk.view = { ...desk.view, containers: new Map([['web', running]]) }
      const lines = parse(`lxc.uts.name = web\nlxc.net.0.type = empty\nlxc.net.0.mtu = ${mtu}\n`)
      desk.touch([{ container: running, lines, indexes: [0], why }], { restart: true })
    }
    assert.deepEqual(
      steps(desk.draft()).map((step) => step.split(' ')[0]),
      ['write', 'lxc-stop', 'lxc-start'],
    )
  })

  it('tells where the host is to be reached, only when it moves', () => {
    const desk = deskOf()
    assert.ok(!('reach' in desk.draft()))
    desk.reachAt('192.0.2.1')
    assert.deepEqual(desk.draft().reach, ['192.0.2.1'])
  })
})

const blue = piecePath('30-nat-blue')
const red = piecePath('30-nat-red')
const unit = starters.systemd.path

describe('pieces, which are brought back at boot', () => {
  it('bring what starts them with the first', () => {
    const desk = deskOf()
    desk.piece('30-nat-blue', 'up', { why })
    desk.piece('30-nat-red', 'up', { why })
    const draft = desk.draft()
    assert.deepEqual(steps(draft), [
      `write ${blue}`,
      `write ${red}`,
      `write ${runnerPath}`,
      `write ${unit}`,
      `sh ${blue} up`,
      `sh ${red} up`,
      'systemctl enable --now lxcnet.service',
    ])
    assert.deepEqual(undos(draft), [`sh ${blue} down`, `sh ${red} down`, 'systemctl disable --now lxcnet.service'])
    const [up] = draft.changes.filter((step) => step.kind === 'run')
    assert.deepEqual(up?.check, ['sh', blue, 'check'])
  })

  it('take it along with the last', () => {
    const desk = deskOf({ [blue]: 'up', [runnerPath]: 'run', [unit]: 'unit' })
    desk.piece('30-nat-blue', null, { why })
    const draft = desk.draft()
    assert.deepEqual(steps(draft), [
      'systemctl disable --now lxcnet.service',
      `sh ${blue} down`,
      `remove ${blue}`,
      `remove ${runnerPath}`,
      `remove ${unit}`,
    ])
    assert.deepEqual(undos(draft), ['systemctl enable --now lxcnet.service', `sh ${blue} up`])
  })

  it('leave it alone while there is another', () => {
    const desk = deskOf({ [blue]: 'up', [runnerPath]: 'run', [unit]: 'unit' })
    desk.piece('30-nat-red', 'up', { why })
    assert.deepEqual(steps(desk.draft()), [`write ${red}`, `sh ${red} up`])
    const other = deskOf({ [blue]: 'up', [red]: 'up', [runnerPath]: 'run', [unit]: 'unit' })
    other.piece('30-nat-red', null, { why })
    assert.deepEqual(steps(other.draft()), [`sh ${red} down`, `remove ${red}`])
  })

  it('are taken down as they were and brought up as they shall be', () => {
    const desk = deskOf({ [blue]: 'old', [runnerPath]: 'run', [unit]: 'unit' })
    desk.piece('30-nat-blue', 'new', { why, impact: 'reconnect' })
    assert.equal(desk.pieceText('30-nat-blue'), 'new')
    const draft = desk.draft()
    assert.deepEqual(steps(draft), [`sh ${blue} down`, `write ${blue}`, `sh ${blue} up`])
    assert.deepEqual(undos(draft), [`sh ${blue} up`, `sh ${blue} down`])
    assert.deepEqual(
      draft.changes.map(({ impact }) => impact),
      ['reconnect', 'live', 'reconnect'],
    )
  })

  it('that converge stay up, on the way there and back', () => {
    const desk = deskOf({ [blue]: 'old', [runnerPath]: 'run', [unit]: 'unit' })
    desk.piece('30-nat-blue', 'new', { why, converges: true })
    const draft = desk.draft()
    assert.deepEqual(steps(draft), ['true', `write ${blue}`, `sh ${blue} up`])
    assert.deepEqual(undos(draft), [`sh ${blue} up`, 'true'])
  })

  it('are brought up anew as they are when what they read has changed, and not when they go after all', () => {
    const desk = deskOf({ [blue]: 'text', [runnerPath]: 'text' })
    desk.piece('30-nat-blue', 'text', { why, converges: true, again: true })
    const draft = desk.draft()
    assert.deepEqual(steps(draft), ['true', `sh ${blue} up`])
    assert.deepEqual(undos(draft), [`sh ${blue} up`, 'true'])
    const other = deskOf({ [blue]: 'text', [red]: 'text', [runnerPath]: 'text' })
    other.piece('30-nat-blue', 'text', { why, converges: true, again: true })
    other.piece('30-nat-blue', null, { why, converges: true })
    assert.deepEqual(steps(other.draft()), [`sh ${blue} down`, `remove ${blue}`])
  })

  it('change nothing where they are so already, or not there anyway', () => {
    const desk = deskOf({ [blue]: 'up', [runnerPath]: 'run', [unit]: 'unit' })
    desk.piece('30-nat-blue', 'up', { why })
    desk.piece('30-nat-red', null, { why })
    assert.deepEqual(steps(desk.draft()), [])
  })

  it('are files alone under --root', () => {
    const desk = deskOf({}, { live: false })
    desk.piece('30-nat-blue', 'up', { why })
    const draft = desk.draft()
    assert.deepEqual(steps(draft), [`write ${blue}`, `write ${runnerPath}`, `write ${unit}`])
    assert.equal(draft.leftOut.length, 2)
  })

  for (const init of ['openrc', 'sysv'] as const)
    it(`are started by ${init} as it does`, () => {
      const desk = deskOf({}, { init })
      desk.piece('30-nat-blue', 'up', { why })
      assert.deepEqual(steps(desk.draft()).slice(2), [
        `write ${starters[init].path}`,
        `sh ${blue} up`,
        starters[init].enable.join(' '),
      ])
    })

  it('say so where nothing is known to start them', () => {
    const desk = deskOf({}, { init: 'none' })
    desk.piece('30-nat-blue', 'up', { why })
    const draft = desk.draft()
    assert.deepEqual(steps(draft), [`write ${blue}`, `write ${runnerPath}`, `sh ${blue} up`])
    assert.deepEqual(
      draft.notes.map(({ code }) => code),
      ['no-boot'],
    )
  })
})

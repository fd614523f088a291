/** `lxcnet create` on a terminal: it asks for what was not said, shows the plan, and takes no for an answer. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { lxcnet, project, Tree } from './cli.ts'

/** Runs lxcnet on a pseudo-terminal, made by script(1); each answer is typed when its question stands on the screen. */
function dialogue(
  args: readonly string[],
  answers: readonly (readonly [question: RegExp, keys: string])[],
): Promise<{ screen: string; status: number | null }> {
  const words = [process.execPath, join(project, 'bin/run.js'), ...args].map((word) => `'${word}'`).join(' ')
  const child = spawn('script', ['-qefc', words, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TERM: 'xterm', NO_COLOR: '1' },
  })
  let screen = ''
  let answered = 0
  let from = 0
  child.stdout.on('data', (chunk: Buffer) => {
    screen += stripVTControlCharacters(chunk.toString())
    const next = answers[answered]
    if (next === undefined || !next[0].test(screen.slice(from))) return
    from = screen.length
    answered++
    child.stdin.write(next[1])
  })
  const late = setTimeout(() => child.kill('SIGKILL'), 20_000)
  return new Promise((resolve) =>
    child.on('close', (status) => {
      clearTimeout(late)
      resolve({ screen, status })
    }),
  )
}

const down = '\x1b[B'

describe('create on a terminal', () => {
  let tree: Tree
  beforeEach(() => {
    tree = new Tree({ web01: 'lxc.uts.name = web01\n' })
  })
  afterEach(() => tree.remove())

  it('asks for container, type, address, mode and link, then for consent', async () => {
    const { screen, status } = await dialogue(
      ['create', '--root', tree.root],
      [
        [/Which container/, '\r'],
        [/Which type/, `${down}\r`],
        [/IPv4 address/, '10.0.5.3\r'],
        [/has no prefix/, '/24\r'],
        [/Which mode/, '\r'],
        [/Link/, 'eth1\r'],
        [/Apply this/, 'y\r'],
      ],
    )
    assert.equal(status, 0, screen)
    assert.match(
      tree.config('web01'),
      /type = macvlan\nlxc.net.0.macvlan.mode = bridge\nlxc.net.0.link = eth1\n.*\n.*\nlxc.net.0.ipv4.address = 10.0.5.3\/24\n$/,
    )
  })

  it('changes nothing when the answer is no, and exits as with --dry-run', async () => {
    const { screen, status } = await dialogue(
      ['create', 'web01', '--type', 'empty', '--root', tree.root],
      [[/Apply this/, 'n\r']],
    )
    assert.match(screen, /Nothing was changed/)
    assert.equal(status, 2)
    assert.equal(tree.config('web01'), 'lxc.uts.name = web01\n')
  })

  it('ends quietly with 130 on Ctrl-C', async () => {
    const { status } = await dialogue(['create', 'web01', '--root', tree.root], [[/Which type/, '\x03']])
    assert.equal(status, 130)
    assert.equal(tree.config('web01'), 'lxc.uts.name = web01\n')
  })

  it('asks nothing under --yes', async () => {
    const { status } = await dialogue(['create', 'web01', '--type', 'empty', '--yes', '--root', tree.root], [])
    assert.equal(status, 0)
  })

  it('asks nothing in a pipe, and names the flag that is missing', () => {
    const { status, stderr } = lxcnet(['create', 'web01', '--root', tree.root])
    assert.equal(status, 64)
    assert.match(stderr, /--type is missing/)
  })
})

/**
 * The fleet of README.md: what its blocks show is what happens. `node test/real/readme-fleet.ts` puts a fresh run into
 * README.md, which is the only place where the commands stand.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Lab, type LightHost } from './lab/lab.ts'
import { Terminal } from './terminal.ts'

const readme = join(import.meta.dirname, '../../README.md')

/** What the section says between two runs has been done before the second one. */
const secondRun = 2

/** README.md as it is. */
export const written = (): string => readFileSync(readme, 'utf8')

/** Of the section on fleets: text and, at odd places, what stands in the blocks. */
function partsOf(text: string): { before: string; parts: string[]; after: string } {
  const [, before = '', section = '', after = ''] = /^(.*\n## A fleet\n)(.*?)(\n## .*)$/s.exec(text) ?? []
  return { before, parts: section.split(/(?<=\n)```console\n(.*?\n)```\n/s), after }
}

/** README.md with the blocks of the section on fleets as they are today. */
export async function replayed(): Promise<string> {
  const { before, parts, after } = partsOf(written())
  const blocks = parts.filter((_, at) => at % 2 === 1)
  assert.ok(blocks.length > secondRun, 'README.md has the section on fleets')
  const lab = await Lab.up({ hosts: 11 })
  try {
    const fresh = await replay(lab, blocks)
    const text = parts.map((part, at) => (at % 2 === 1 ? `\`\`\`console\n${fresh.shift()}\`\`\`\n` : part))
    return before + text.join('') + after
  } finally {
    await lab.down()
  }
}

async function replay(lab: Lab, blocks: readonly string[]): Promise<string[]> {
  const [controller, ...hosts] = lab.hosts as [LightHost, ...LightHost[]]
  const last = hosts.at(-1) as LightHost
  await Promise.all([name(controller, hosts), ...hosts.map((host) => host.container('proxy'))])
  await last.kill()
  const terminal = await Terminal.open(lab, controller)
  /** Of the change that README.md takes back → of the one that this run made. */
  const ids = new Map<string, string>()
  const fresh: string[] = []
  for (const [at, block] of blocks.entries()) {
    if (at === secondRun) await last.reboot()
    let text = ''
    for (const [, line = '', shown = ''] of block.matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm)) {
      const typed = line.replace(/\b\d{8}-\d{6}-[0-9a-f]{5}\b/, (id) => ids.get(id) ?? id)
      const answer = await terminal.type(typed)
      const found = idsIn(answer)
      for (const [number, id] of idsIn(shown).entries()) ids.set(id, found[number] ?? id)
      text += `$ ${typed}\n${answer}`
    }
    fresh.push(text)
  }
  return fresh
}

const idsIn = (text: string): string[] => text.match(/\b\d{8}-\d{6}-[0-9a-f]{5}\b/g) ?? []

/** The controller calls the hosts lxc01 to lxc10, knows their keys, and has them in an inventory. */
async function name(controller: LightHost, hosts: readonly LightHost[]): Promise<void> {
  const names = hosts.map(({ address }, at) => `${address} lxc${String(at + 1).padStart(2, '0')}\n`).join('')
  await controller.write(
    '/usr/local/bin/lxcnet',
    '#!/bin/sh\nexec /opt/node/bin/node /opt/lxcnet/bin/run.js "$@"\n',
    0o755,
  )
  await controller.write('/root/.config/lxcnet/hosts', '[lxc]\nlxc[01:10]\n')
  await controller.ok("cat >>/etc/hosts; sed -i 's/^/lxc*,/' /root/.ssh/known_hosts", { input: names })
}

if (import.meta.main) writeFileSync(readme, await replayed())

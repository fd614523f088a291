/**
 * What two sections of README.md show is what happens. `node test/real/readme.ts` puts a fresh run into README.md, which
 * is the only place where the commands stand.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Lab, type LightHost } from './lab/lab.ts'
import { Terminal } from './terminal.ts'

const readme = join(import.meta.dirname, '../../README.md')

/** Where the commands of a section are typed. */
interface Stage {
  lab: Lab
  host: LightHost
  /** Before the commands of a block, by the block's number. */
  between?(block: number): Promise<void>
}

const stages: Record<string, () => Promise<Stage>> = {
  "A host's networks": async () => {
    const lab = await Lab.up({ hosts: 1, systemd: true })
    const [host] = lab.hosts as [LightHost]
    await command(host)
    for (const name of ['mail', 'dmz', 'app', 'db']) await host.container(name)
    await host.ok('systemctl start lxc-net')
    return { lab, host }
  },
  'A fleet': async () => {
    const lab = await Lab.up({ hosts: 11 })
    const [host, ...hosts] = lab.hosts as [LightHost, ...LightHost[]]
    const last = hosts.at(-1) as LightHost
    await Promise.all([inventory(host, hosts), ...hosts.map((one) => one.container('proxy'))])
    await last.kill()
    return {
      lab,
      host,
      /** What the section says between two runs has been done before the second one. */
      between: async (block) => {
        if (block === 2) await last.reboot()
      },
    }
  },
}

/** README.md as it is. */
export const written = (): string => readFileSync(readme, 'utf8')

/** README.md with the blocks of those sections as they are today. */
export async function replayed(): Promise<string> {
  let text = written()
  for (const [title, raise] of Object.entries(stages)) {
    const [, before = '', section = '', after = ''] =
      new RegExp(`^(.*\n## ${title}\n)(.*?)(\n## .*)$`, 's').exec(text) ?? []
    // text and, at odd places, what stands in the blocks
    const parts = section.split(/(?<=\n)```console\n(.*?\n)```\n/s)
    const blocks = parts.filter((_, at) => at % 2 === 1)
    assert.ok(blocks.length > 1, `README.md has the section "${title}"`)
    const stage = await raise()
    try {
      const fresh = await replay(stage, blocks)
      text =
        before +
        parts.map((part, at) => (at % 2 === 1 ? `\`\`\`console\n${fresh.shift()}\`\`\`\n` : part)).join('') +
        after
    } finally {
      await stage.lab.down()
    }
  }
  return text
}

async function replay({ lab, host, between }: Stage, blocks: readonly string[]): Promise<string[]> {
  const terminal = await Terminal.open(lab, host)
  /** Of the change that README.md takes back → of the one that this run made. */
  const ids = new Map<string, string>()
  const fresh: string[] = []
  for (const [at, block] of blocks.entries()) {
    await between?.(at)
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

const command = (host: LightHost): Promise<void> =>
  host.write('/usr/local/bin/lxcnet', '#!/bin/sh\nexec /opt/node/bin/node /opt/lxcnet/bin/run.js "$@"\n', 0o755)

/** The controller calls the hosts lxc01 to lxc10, knows their keys, and has them in an inventory. */
async function inventory(controller: LightHost, hosts: readonly LightHost[]): Promise<void> {
  const names = hosts.map(({ address }, at) => `${address} lxc${String(at + 1).padStart(2, '0')}\n`).join('')
  await command(controller)
  await controller.write('/root/.config/lxcnet/hosts', '[lxc]\nlxc[01:10]\n')
  await controller.ok("cat >>/etc/hosts; sed -i 's/^/lxc*,/' /root/.ssh/known_hosts", { input: names })
}

if (import.meta.main) writeFileSync(readme, await replayed())

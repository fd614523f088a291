/**
 * What a command of lxcnet does on a host, seen from there: its shells with the bytes that go up and down, and what it
 * writes, syncs and renames. From that comes the job of floor.ts, which so follows the product.
 *
 * An sshd of its own has programs in its PATH that stand before sh, sync and mv.
 */
import type { LabHost } from '../real/lab/lab.ts'
import type { Job } from './floor.ts'

const folder = '/run/recorded'

const programs = {
  /** Its input and output, as TIME.up and TIME.down. */
  sh: `one=${folder}/$(date +%s%N)
tee "$one.up" | /bin/sh "$@" | tee "$one.down"`,
  /** A line `file SIZE PATH` or `directory - PATH` for each operand, then the command itself. */
  sync: `for path; do
  if [ -d "$path" ]; then echo "directory - $path"; else stat -c 'file %s %n' "$path"; fi
done >>${folder}/disk
echo "sync $*" >>${folder}/disk
exec /bin/sync "$@"`,
  mv: `echo "mv $*" >>${folder}/disk
exec /bin/mv "$@"`,
}

export type Shells = Job['shells']

/**
 * @param command runs lxcnet, and has it reach the host at this port
 * @returns one shell for each script of the command's, the last of which does to the disk what they all did
 */
export async function record(host: LabHost, command: (port: number) => Promise<unknown>): Promise<Shells> {
  for (const [name, text] of Object.entries(programs))
    await host.write(`${folder}/bin/${name}`, `#!/bin/dash\n${text}\n`, 0o755)
  const sshd = await host.sshd({ port: 2222, config: `SetEnv PATH=${folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin` })
  try {
    await command(2222)
    const disk = await host.ok(`cat ${folder}/disk 2>/dev/null || :`)
    const files = (await host.ok(`ls ${folder}/*.up`)).trim().split('\n')
    const bytes = async (path: string): Promise<string> => (await host.read(path)).toString('latin1')
    const shells = []
    for (const up of files) shells.push(...scriptsOf(await bytes(up), await bytes(up.replace(/up$/, 'down'))))
    return shells.map(({ up, down }, at) => {
      const script = `${at === shells.length - 1 ? replay(disk) : ''}head -c ${down} /dev/zero\n`
      return { script: padded(script, up), answer: down }
    })
  } finally {
    await sshd.stop()
    await host.ok(`rm -r ${folder}`)
  }
}

/** How many bytes each script of a shell has, and its answer: what ends either names the same random word. */
function scriptsOf(up: string, down: string): { up: number; down: number }[] {
  const ends = (text: string, pattern: RegExp): number[] =>
    [...text.matchAll(pattern)].map((end) => end.index + end[0].length)
  const [asked, answered] = [ends(up, /^printf .* over-\w+ >&2\n/gm), ends(down, /^over-\w+ \d+\n/gm)]
  if (asked.length === 0 || asked.length !== answered.length) throw new Error('a shell of lxcnet was not understood')
  const sizes = (ends: number[]): number[] => ends.map((end, at) => end - (ends[at - 1] ?? 0))
  const answers = sizes(answered)
  return sizes(asked).map((size, at) => ({ up: size, down: answers[at] ?? 0 }))
}

/** The same syncs and renames in the same order, and before them `cat` of as many bytes into the same files. */
function replay(disk: string): string {
  const [directories, made, lines] = [new Set<string>(), new Set<string>(), [] as string[]]
  const make = (path: string, size: number): void => {
    if (made.has(path)) return
    made.add(path)
    directories.add(path.replace(/\/[^/]*$/, ''))
    lines.push(size === 0 ? `: >${path}` : `cat >${path} <<'X'\n${'x'.repeat(size - 1)}\nX`)
  }
  const moved: string[] = []
  for (const line of disk.split('\n').filter(Boolean)) {
    const [word, ...operands] = line.split(' ')
    const [source = '', target = ''] = operands.slice(-2)
    if (word === 'directory') directories.add(target)
    else if (word === 'file') make(target, Number(source))
    else lines.push(line)
    if (word !== 'mv') continue
    if (!directories.has(source) && !made.has(source)) lines.splice(-1, 0, `: >${source}`)
    moved.push(target)
  }
  const first = [...directories].filter((path) => !moved.some((target) => `${path}/`.startsWith(`${target}/`)))
  return lines.length === 0 ? '' : `mkdir -p ${first.join(' ')}\n${lines.join('\n')}\n`
}

/** The script with a comment behind, so that it has so many bytes. */
function padded(script: string, size: number): string {
  const room = size - script.length
  if (room < 2) throw new Error(`the bare script has ${script.length} bytes, lxcnet's ${size}`)
  return `${script}#${'x'.repeat(room - 2)}\n`
}

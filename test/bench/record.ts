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
cat >"$one.up"
/bin/sh "$@" <"$one.up" >"$one.down"
status=$?
cat "$one.down"
exit "$status"`,
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
 * @returns one shell for each of the command's, the last of which does to the disk what they all did
 */
export async function record(host: LabHost, command: (port: number) => Promise<unknown>): Promise<Shells> {
  for (const [name, text] of Object.entries(programs))
    await host.write(`${folder}/bin/${name}`, `#!/bin/dash\n${text}\n`, 0o755)
  const sshd = await host.sshd({ port: 2222, config: `SetEnv PATH=${folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin` })
  try {
    await command(2222)
    const disk = await host.ok(`cat ${folder}/disk 2>/dev/null || :`)
    const sizes = await host.ok(`for up in ${folder}/*.up; do stat -c %s "$up" "\${up%.up}.down"; done`)
    const shells = [...sizes.matchAll(/(\d+)\n(\d+)\n/g)]
    return shells.map(([, up, down], at) => {
      const script = `${at === shells.length - 1 ? replay(disk) : ''}head -c ${down} /dev/zero\n`
      return { script: padded(script, Number(up)), answer: Number(down) }
    })
  } finally {
    await sshd.stop()
    await host.ok(`rm -r ${folder}`)
  }
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

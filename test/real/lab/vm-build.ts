// Builds, once, what virtual machines are cloned from: a kernel, disk images, and the memory of a machine that has
// booted and now waits to be told which one it is.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Parts } from './light.ts'
import { cache, execute, here, locked, must } from './machine.ts'

/** The folder with what clones are made of. `save` boots a machine from the images in a folder and saves it there. */
export async function template({ rootfs, layer }: Parts, save: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cache, `vm-${stamp(layer)}`)
  if (existsSync(folder)) return folder
  return locked(join(cache, 'vm.lock'), async () => {
    if (existsSync(folder)) return folder
    if (readdirSync(join(cache, 'run')).length === 1) removeOthers()
    const fresh = join(cache, 'vm.new')
    rmSync(fresh, { recursive: true, force: true })
    mkdirSync(join(fresh, 'kernel'), { recursive: true })
    await must(['sh', join(here, 'vm-kernel.sh'), join(fresh, 'kernel')], { timeoutMs: 600_000 })
    writeFileSync(join(fresh, 'vmlinux'), await unpackKernel(join(fresh, 'kernel/boot')))
    const build = ['sh', join(here, 'vm-image.sh'), fresh, rootfs, layer, process.execPath]
    await must(['unshare', '-m', '--propagation', 'private', ...build], { timeoutMs: 300_000 })
    rmSync(join(fresh, 'kernel'), { recursive: true })
    await save(fresh)
    renameSync(fresh, folder)
    return folder
  })
}

/** Changes with anything that the saved machine was made of: the scripts, the layers, QEMU and Node.js. */
function stamp(layer: string): string {
  const hash = createHash('sha256').update(basename(layer))
  for (const file of readdirSync(here).filter((name) => name.startsWith('vm')))
    hash.update(readFileSync(join(here, file)))
  for (const program of ['/usr/bin/qemu-system-x86_64', process.execPath]) {
    const { size, mtimeMs } = statSync(program)
    hash.update(`${program} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex').slice(0, 12)
}

function removeOthers(): void {
  for (const name of readdirSync(cache)) {
    if (name.startsWith('vm-')) rmSync(join(cache, name), { recursive: true })
  }
}

/** Takes the kernel proper out of the boot image, so that no emulated processor has to unpack it at each boot. */
async function unpackKernel(boot: string): Promise<Buffer> {
  const image = readFileSync(join(boot, readdirSync(boot).find((name) => name.startsWith('vmlinuz-')) ?? ''))
  const start = image.indexOf(Buffer.from([0x02, 0x21, 0x4c, 0x18])) // how lz4's packed data begins
  if (start < 0) throw new Error('lab: the kernel is not packed with lz4')
  // Other data follows the packed kernel: lz4 complains about that after it has unpacked everything.
  const { stdout } = await execute({ argv: ['lz4', '-dc'] }, { input: image.subarray(start) })
  if (stdout.toString('latin1', 1, 4) !== 'ELF') throw new Error('lab: the kernel cannot be unpacked')
  return stdout
}

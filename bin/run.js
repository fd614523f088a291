#!/usr/bin/env node
/**
 * Start-up. Help and version are printed from texts made at build time, without loading a library; anything else
 * loads the bundle, compiled once and cached. A Node.js that is too old hands over to the one installed with lxcnet.
 */
// An import statement costs 3 ms here, a tenth of a start; where getBuiltinModule is missing, Node.js is too old anyway.
const builtin = process.getBuiltinModule ?? ((name) => import(`node:${name}`))
const { readFileSync, writeSync } = await builtin('fs')
const words = process.argv.slice(2)
const [major, minor] = process.versions.node.split('.').map(Number)

if (major > 22 || (major === 22 && minor >= 18)) printHelp() || (await start())
else await startNewer()

function stop(message) {
  console.error(`lxcnet: ${message}`)
  process.exit(1)
}

/** Prints what can be printed without the program; false when it has to run. */
function printHelp() {
  const flags = words.filter((word) => word === '--help' || word === '-h')
  const isHelp = words[0] === 'help' || flags.length > 0 || words.length === 0
  if (!isHelp && words[0] !== '--version') return false
  const subject = words.filter((word, at) => !flags.includes(word) && (at > 0 || word !== 'help')).join(' ')
  if (!/^(--version|[a-z][a-z -]*)?$/.test(subject)) return false
  let text
  try {
    const page = subject.replaceAll(' ', '+') || 'lxcnet'
    text = readFileSync(new URL(`../dist/help/${page}.txt`, import.meta.url))
  } catch {
    return false
  }
  try {
    writeSync(1, text)
  } catch (error) {
    // The reader left early (head, a pager): nothing is wrong. A full non-blocking pipe needs the stream.
    if (error.code === 'EAGAIN') process.stdout.on('error', () => {}).write(text)
    else if (error.code !== 'EPIPE') throw error
  }
  return true
}

async function start() {
  const module = await builtin('module')
  const cache = await privateCache()
  if (cache) module.enableCompileCache(cache)
  let bundle
  try {
    bundle = module.createRequire(import.meta.url)('../dist/main.cjs')
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error
    stop('not built yet; run "npm ci" or "npm run build" in its directory')
  }
  // No await: a reader that closes the pipe early must not leave an unsettled top-level await behind.
  void bundle.run(words)
}

/**
 * A folder for compiled code that nobody else can write to, or undefined. Root runs what lies in it, so the folder is
 * the user's own, mode 0700, and no folder above it lets a third person replace it. Never the shared temporary one.
 */
async function privateCache() {
  const { lstatSync, mkdirSync, realpathSync } = await builtin('fs')
  const { dirname, isAbsolute, join } = await builtin('path')
  const { HOME, XDG_CACHE_HOME } = process.env
  const base = XDG_CACHE_HOME && isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : HOME && join(HOME, '.cache')
  const me = process.getuid()
  if (!base || !isAbsolute(base)) return
  try {
    const folder = join(base, 'lxcnet')
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const own = lstatSync(folder)
    if (!own.isDirectory() || own.uid !== me || (own.mode & 0o077) !== 0) return
    for (let above = realpathSync(base); ; above = dirname(above)) {
      const { uid, mode } = lstatSync(above)
      const sticky = (mode & 0o1000) !== 0
      if ((uid !== me && uid !== 0) || ((mode & 0o022) !== 0 && !sticky)) return
      if (above === dirname(above)) return folder
    }
  } catch {
    return // a read-only home: run uncached
  }
}

/** Runs the same command with the Node.js that was installed beside lxcnet, as if it were this process. */
async function startNewer() {
  const { createRequire } = await builtin('module')
  let newer
  try {
    newer = createRequire(import.meta.url).resolve(`node-linux-${process.arch}/bin/node`)
  } catch {
    stop(`Node.js 22.18 or newer is needed, this is ${process.versions.node}`)
  }
  if (printHelp()) return
  const { spawn } = await builtin('child_process')
  const { fileURLToPath } = await builtin('url')
  const child = spawn(newer, [fileURLToPath(import.meta.url), ...words], { stdio: 'inherit' })
  // A terminal sends Ctrl-C to both; the child decides what it means. The others reach only this process.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => stop(`cannot start ${newer}: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

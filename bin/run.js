#!/usr/bin/env node
/**
 * Start-up. Help and version are printed from texts made at build time, without loading a library; anything else
 * loads the bundle, with what an earlier run of the same command has compiled of it. A Node.js that is too old hands over
 * to the one installed with lxcnet.
 */
// An import statement costs 3 ms here, a tenth of a start; where getBuiltinModule is missing, Node.js is too old anyway.
const builtin = process.getBuiltinModule ?? ((name) => import(`node:${name}`))
const fs = await builtin('fs')
const { readFileSync, writeSync } = fs
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

/**
 * Loads the bundle as `require` would. Node.js has a compile cache of its own, which holds what is compiled before a
 * module runs: next to nothing of a bundle, where each function waits for its first call. This one is written when a
 * command has ended, with every function that it called.
 */
async function start() {
  const [{ createRequire }, { dirname }, { fileURLToPath }, { Script }] = await Promise.all(
    ['module', 'path', 'url', 'vm'].map(builtin),
  )
  const filename = fileURLToPath(new URL('../dist/main.cjs', import.meta.url))
  let source
  let id
  try {
    source = readFileSync(filename, 'latin1') // build.ts writes ASCII
    id = readFileSync(`${filename}.id`, 'latin1')
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    stop('not built yet; run "npm ci" or "npm run build" in its directory')
  }
  const cache = await privateCache()
  const file = cache && `${cache}/${id}-${process.version}-${process.arch}-${commandKey()}`
  const cachedData = file && readIfThere(file)
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename,
    cachedData,
  })
  const module = { exports: {} }
  script.runInThisContext()(module.exports, createRequire(filename), module, filename, dirname(filename))
  const isGood = cachedData !== undefined && !script.cachedDataRejected
  if (file && (!isGood || Math.random() < 1 / 16))
    process.on('exit', (status) => {
      // 2: a plan that was shown. What failed has not come far.
      if (status === 0 || status === 2) keep(file, script, isGood ? cachedData.length : 0)
    })
  // No await: a reader that closes the pipe early must not leave an unsettled top-level await behind.
  void module.exports.run(words)
}

/** The command, as the name of its help page, and what decides how much of lxcnet it calls. */
function commandKey() {
  const page = [words.slice(0, 2).join('+'), words[0] ?? ''].find(
    (name) => /^[a-z+-]+$/.test(name) && fs.existsSync(new URL(`../dist/help/${name}.txt`, import.meta.url)),
  )
  const isFar = words.some((word) => /^(-[Hgf]|--(host|group|file)\b)/.test(word))
  return `${page ?? 'lxcnet'}${isFar ? '@' : ''}${words.includes('--dry-run') ? '-n' : ''}`
}

function readIfThere(file) {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}

/**
 * Writes what has been compiled by now, if that is more than what was there. V8 does not look for damage in what it is
 * given back, so nothing half written may come into its place, by a power cut neither.
 */
function keep(file, script, size) {
  const most = 32
  try {
    const data = script.createCachedData()
    if (data.length < size * 1.02) return
    const folder = file.slice(0, file.lastIndexOf('/'))
    const ages = fs.readdirSync(folder).map((name) => [fs.statSync(`${folder}/${name}`).mtimeMs, `${folder}/${name}`])
    for (const [, old] of ages.sort(([one], [other]) => other - one).slice(most)) fs.rmSync(old, { recursive: true })
    const written = `${file}.${process.pid}`
    fs.writeFileSync(written, data, { flag: 'wx', mode: 0o600, flush: true })
    fs.renameSync(written, file)
  } catch {
    // a full disk, or another run that tidied up first: the next run compiles again
  }
}

/**
 * A folder for compiled code that nobody else can write to, or undefined. Root runs what lies in it, so the folder is
 * the user's own, mode 0700, and no folder above it lets a third person replace it. Never the shared temporary one.
 */
async function privateCache() {
  const { lstatSync, mkdirSync, realpathSync } = fs
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

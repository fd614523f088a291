/**
 * Builds dist/ and man/ from src/ and templates/.
 *
 * Everything is bundled into one CommonJS file: reading some hundred library files is what makes an oclif program slow
 * to start, not running them. So all libraries are devDependencies; a shipped lxcnet needs nothing but its Node.js.
 *
 *   dist/main.cjs              the program, in ASCII
 *   dist/main.cjs.id           a word that tells it from every other build
 *   dist/oclif.manifest.json   every command, its arguments and flags, as oclif describes them; read for help alone
 *   dist/names.json            what a run has to know of the commands: their names
 *   dist/help/                 every help page and --version, as text, for bin/run.js
 *   man/                       the same manifest as manual pages
 */
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Interfaces, Plugin } from '@oclif/core'
import * as esbuild from 'esbuild'
import pjson from './package.json' with { type: 'json' }
import { helpText } from './src/cli/help.ts'
import { configure, type Manifest, namesOf } from './src/main.ts'
import { siteSchema } from './src/site/index.ts'
import { codes } from './src/workflow/codes.ts'
import { siteTable } from './src/workflow/site-file.ts'
import { renderErrors, renderFleet, renderMan, renderSiteFile } from './templates/man/render.ts'

const root = import.meta.dirname

/** Imported at the head of a module, evaluated at the first use: most commands need neither. */
const lazyPackages = ['diff', 'ip-address', 'yaml']

async function build(): Promise<void> {
  const commands = await manifest()
  mkdirSync(join(root, 'dist'), { recursive: true })
  mkdirSync(join(root, 'man'), { recursive: true })
  write('dist/oclif.manifest.json', JSON.stringify({ version: pjson.version, commands }))
  write('dist/names.json', JSON.stringify(namesOf(commands)))
  writePages(await helpPages(commands))
  for (const [file, text] of Object.entries(manPages(commands))) write(file, text)
  await bundle()
}

function write(file: string, text: string): void {
  if (existsSync(join(root, file)) && readFileSync(join(root, file), 'utf8') === text) return
  writeFileSync(join(root, file), text)
}

/** One file a page, as bin/run.js looks for it: `host+list.txt`. */
function writePages(pages: Record<string, string>): void {
  const files = Object.entries(pages).map(([words, text]) => [`${words.replaceAll(' ', '+') || 'lxcnet'}.txt`, text])
  const wanted = new Set(files.map(([file]) => file))
  mkdirSync(join(root, 'dist/help'), { recursive: true })
  for (const file of readdirSync(join(root, 'dist/help'))) if (!wanted.has(file)) rmSync(join(root, 'dist/help', file))
  for (const [file, text = ''] of files) write(`dist/help/${file}`, text)
}

/** Nothing that goes into dist/ is younger than dist/main.cjs. */
function isFresh(): boolean {
  const built = statSync(join(root, 'dist/main.cjs'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const sources = globSync(['src/**/*.ts', 'templates/**', 'build.ts', 'package-lock.json'], { cwd: root })
  return sources.every((file) => statSync(join(root, file)).mtimeMs < built)
}

/** What oclif tells about the files in src/commands. */
export async function manifest(): Promise<Manifest> {
  const options = { root, pjson: pjson as unknown as Interfaces.PJSON, isRoot: true, ignoreManifest: true }
  const plugin = new Plugin({ ...options, errorOnManifestCreate: true })
  await plugin.load()
  // Where a command's file lies is the bundler's business; the rest of the paths would be those of the build machine.
  const entries = Object.entries(plugin.manifest.commands).map(([id, { isESM, relativePath, ...rest }]) => [id, rest])
  return JSON.parse(JSON.stringify(Object.fromEntries(entries.sort())))
}

/** By what stands between `lxcnet` and `--help`; the key `--version` holds the version. */
export async function helpPages(commands: Manifest): Promise<Record<string, string>> {
  const pages: Record<string, string> = { '--version': `${pjson.oclif.bin} ${pjson.version}\n` }
  const ids = Object.entries(commands).flatMap(([id, { aliases }]) => [id, ...aliases])
  const topics = ids.flatMap((id) => id.split(':').map((_, at, parts) => parts.slice(0, at).join(':')))
  for (const id of new Set([...topics, ...ids])) {
    const words = id.split(':').filter(Boolean)
    pages[words.join(' ')] = await helpText(words, await configure(structuredClone(commands)))
  }
  return pages
}

export const manPages = (commands: Manifest): Record<string, string> => ({
  'man/lxcnet.1': renderMan(commands, pjson.version),
  'man/lxcnet-fleet.5': renderFleet(pjson.version),
  'man/lxcnet-errors.7': renderErrors(codes, pjson.version),
  'man/lxcnet.yaml.5': renderSiteFile(siteSchema(siteTable), pjson.version),
})

async function bundle(): Promise<void> {
  const unused = new Set(Object.keys(stubs))
  const rewritten = new Set<string>()
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    stdin: {
      resolveDir: root,
      contents: `import { main } from './src/main.ts'
        import names from './dist/names.json'
        export const run = (argv) => main(argv, names, () => require('./oclif.manifest.json').commands)`,
    },
    outfile: 'dist/main.cjs',
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    external: ['./oclif.manifest.json'],
    target: 'node22.18',
    // Names are kept: a stack trace in a bug report has to be readable.
    minifyWhitespace: true,
    minifySyntax: true,
    define: { 'import.meta.dirname': '__dirname' },
    logLevel: 'warning',
    plugins: [stubPlugin(unused), nativePlugin, lazyCorePlugin(rewritten), lazyPackagePlugin()],
  })
  // esbuild leaves other characters only where a regular expression has them.
  const text = (outputFiles[0]?.text ?? '').replace(
    /[^\0-\x7f]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  writeFileSync(join(root, 'dist/main.cjs'), text)
  write('dist/main.cjs.id', createHash('sha256').update(text).digest('hex').slice(0, 16))
  // A new version of a library may look different: fail here rather than be slow in silence.
  if (unused.size > 0) throw new Error(`build.ts: nothing imports ${[...unused].join(', ')} any more: drop the stub`)
  for (const file of ['index.js', 'command.js', 'config.js', 'parse.js'])
    if (!rewritten.has(file)) throw new Error(`build.ts: @oclif/core's ${file} was not made lazy`)
}

/** Libraries that oclif loads for what lxcnet never does; each costs 1 to 3 ms at every start. */
const stubs: Record<string, string> = {
  'wsl-utils': 'exports.isWsl = false',
  debug: 'module.exports = () => () => {}', // DEBUG=oclif:* prints nothing
  tinyglobby: '', // discovery of command files: the manifest has them
  minimatch: '', // plugins by pattern
  'cli-spinners': '', // ux.action
  '@inquirer/external-editor': '', // the prompt that opens an editor; it brings tables of all character sets
  './http-agents.js': '', // ssh2's agents for HTTP, with all of node:http
}

/** ssh2's addons fit one release of Node.js and gain nothing; without them it does the same in JavaScript. */
const nativePlugin: esbuild.Plugin = {
  name: 'native',
  setup(build) {
    build.onResolve({ filter: /\.node$/ }, ({ path }) => ({ path, namespace: 'native' }))
    build.onLoad({ filter: /./, namespace: 'native' }, () => ({
      contents: "throw new Error('not bundled')",
      loader: 'js',
    }))
  },
}

function stubPlugin(unused: Set<string>): esbuild.Plugin {
  const filter = new RegExp(
    `^(${Object.keys(stubs)
      .map((name) => name.replaceAll('.', '[.]'))
      .join('|')})$`,
  )
  return {
    name: 'stub',
    setup(build) {
      build.onResolve({ filter }, ({ path }) => {
        unused.delete(path)
        return { path, namespace: 'stub' }
      })
      build.onLoad({ filter: /./, namespace: 'stub' }, ({ path }) => ({ contents: stubs[path] ?? '', loader: 'js' }))
    },
  }
}

/**
 * @oclif/core requires all of itself and 20 libraries at once, of which a run needs a third. Its files are compiled
 * TypeScript, so every `require` has one of two shapes, and a use of it is always a member access.
 */
function lazyCorePlugin(rewritten: Set<string>): esbuild.Plugin {
  return {
    name: 'lazy-core',
    setup(build) {
      build.onLoad({ filter: /@oclif[/\\]core[/\\]lib[/\\].*\.js$/ }, ({ path }) => {
        const { text, count } = lazily(readFileSync(path, 'utf8'), path)
        if (count > 0) rewritten.add(basename(path))
        return { contents: text, loader: 'js' }
      })
    },
  }
}

function lazily(source: string, path: string): { text: string; count: number } {
  const names: string[] = []
  let text = source
    // Compares the version of Node.js with package.json of whatever lies above dist/; bin/run.js does that already.
    .replace(/^checkNodeVersion\(\);$/m, '')
    .replace(
      /^(?:const|var) (\w+) = ((?:__importDefault\(|__importStar\()?require\(["'][^"']+["']\)\)?);$/gm,
      (_, name, value) => {
        names.push(name)
        return `function $${name}() { return $${name}.module ??= ${value} }`
      },
    )
    .replace(/^exports\.(\w+) = (__importStar\(require\("[^"]+"\)\));$/gm, (_, name, value) => {
      names.push('')
      return `Object.defineProperty(exports, "${name}", { enumerable: true, get() { return this.$${name} ??= ${value} } });`
    })
  for (const name of names.filter(Boolean)) {
    text = text
      .replace(new RegExp(`\\bnew ${name}((?:\\.\\w+)+)`, 'g'), `new ($${name}()$1)`)
      .replace(new RegExp(`(?<![.\\w$])${name}(?=[.()])`, 'g'), `$${name}()`)
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|(["'`])(?:\\.|(?!\1).)*\1/g, '')
    const left = new RegExp(`(?<![.\\w$])${name}\\b(?!:)`)
    if (left.test(code)) throw new Error(`build.ts: ${name} is used in a new way in ${path}`)
  }
  return { text, count: names.length }
}

/** Puts a getter for each export before a package; esbuild's own code reads an import where it is used. */
function lazyPackagePlugin(): esbuild.Plugin {
  const filter = new RegExp(`^(${lazyPackages.join('|')})$`)
  return {
    name: 'lazy-package',
    setup(build) {
      build.onResolve({ filter }, ({ path, namespace }) =>
        namespace === 'lazy-package' ? undefined : { path, namespace: 'lazy-package' },
      )
      build.onLoad({ filter: /./, namespace: 'lazy-package' }, async ({ path }) => {
        const names = Object.keys(await import(path)).filter(
          (name) => /^\w+$/.test(name) && name !== 'default' && name !== '__esModule',
        )
        const getters = names.map((name) => `get ${name}() { return require('${path}').${name} }`)
        return { contents: `module.exports = { __esModule: true, ${getters} }`, loader: 'js', resolveDir: root }
      })
    },
  }
}

if (import.meta.main && !(process.argv.includes('--if-stale') && isFresh())) await build()

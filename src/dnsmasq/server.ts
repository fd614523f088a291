/** A dnsmasq that runs, and the commands that make it read what has changed. */
import type { Lease } from './leases.ts'
import type { Answers } from './probe.ts'

export interface Server {
  /** Its command line, word by word; empty when it does not run. */
  words: readonly string[]
  /** Its --conf-file was changed after it had started. */
  outdated: boolean
}

export function readServer({ answers }: Answers, pidFile: string): Server {
  const said = answers.get(`dnsmasq${pidFile}`)
  return {
    words: said?.status === 0 ? said.text.split('\n') : [],
    outdated: (answers.get(`dnsmasq-outdated${pidFile}`)?.text ?? '') !== '',
  }
}

const confWord = '--conf-file='

/** What it was told to read; undefined for nothing, or for its own default. */
export const confFileOf = ({ words }: Server): string | undefined =>
  words.findLast((word) => word.startsWith(confWord))?.slice(confWord.length)

export interface Place {
  pidFile: string
  bridge: string
  /** The host's on the bridge. */
  address: string
}

/** Prints the pid of the dnsmasq with this pid file; fails when none runs. A pid is given anew, so its words are looked at. */
const find =
  'p=$(cat "$f") 2>/dev/null && tr "\\0" "\\n" <"/proc/$p/cmdline" 2>/dev/null | grep -qxF -e "--pid-file=$f"'

/** Has it read its hosts files again; no answer is lost, and nothing happens when it does not run. */
export const reread = (pidFile: string): string[] => ['sh', '-c', `f=${pidFile}; ${find} && kill -HUP "$p" || :`]

/** Succeeds while it runs with these words. */
export const runsWith = (pidFile: string, word: string): string[] => [
  'sh',
  '-c',
  `f=${pidFile}; ${find} && tr "\\0" "\\n" <"/proc/$p/cmdline" | grep -qxF -e "${word}"`,
]

/** Succeeds while it runs with all of these words, whatever it reads as its --conf-file: that is another's to say. */
export const runsAs = (pidFile: string, words: readonly string[]): string[] => [
  'sh',
  '-c',
  `f=$0; all() { grep -v '^${confWord}'; }; ${find} && [ "$(tr "\\0" "\\n" <"/proc/$p/cmdline" | all)" = "$(printf "%s\\n" "$@" | all)" ]`,
  pidFile,
  ...words,
]

/** @param script templates/dnsmasq-restart.sh @param confFile what it reads from now on; undefined for its own default */
export const restart = (script: string, place: Place, confFile: string | undefined): string[] =>
  call(script, 'restart', place, confFile === undefined ? [] : [confWord + confFile])

/** The way back from that. @param words its command line as it was */
export const putBack = (script: string, place: Place, words: readonly string[]): string[] =>
  call(script, 'back', place, words)

const call = (script: string, way: string, { pidFile, bridge, address }: Place, words: readonly string[]): string[] => [
  'sh',
  '-c',
  bare(script),
  way,
  pidFile,
  bridge,
  address,
  ...words,
]

/** By templates/dnsmasq-release.sh, which needs dhcp_release(1). */
export const release = (script: string, file: string, bridge: string, { address, mac, clientId }: Lease): string[] => [
  'sh',
  '-c',
  bare(script),
  'release',
  file,
  bridge,
  address,
  mac,
  ...(clientId === undefined ? [] : [clientId]),
]

/** The same where there is no such tool: dnsmasq keeps what it knows, so the file is edited while none runs. */
export const restartWithout = (
  script: string,
  file: string,
  { address }: Lease,
  place: Place,
  confFile: string | undefined,
): string[] => {
  const [head = '', tail = ''] = script.split('# meanwhile\n')
  // beside it, and whole before it takes its place
  const forget = `grep -vF ' ${address} ' ${file} >${file}.lxcnet
[ $? -le 1 ] && mv -f ${file}.lxcnet ${file} || { rm -f ${file}.lxcnet; false; }
forgotten=$?
`
  return restart(`${head}${forget}${tail.trimEnd()} && exit "$forgotten"\n`, place, confFile)
}

/** Without its comments, for a person to read in a plan. */
const bare = (script: string): string => script.replace(/^\s*#.*\n/gm, '').trimEnd()

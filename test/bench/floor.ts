/**
 * The least that reaching hosts over SSH can take: one process that logs in to each of them and runs bare shells there,
 * one after another on that connection. What the shells are fed comes with the job; nothing is checked, planned or told.
 *
 *   floor.ts JOB     a file with a Job, as JSON
 */
import { readFileSync } from 'node:fs'
import ssh2 from 'ssh2'

export interface Job {
  /** Addresses. */
  hosts: { host: string; port: number }[]
  /** Hosts in flight. */
  parallel: number
  keyFile: string
  /** One after another on each host; `answer` is how many bytes each has to print. */
  shells: { script: string; answer: number }[]
}

async function main(): Promise<void> {
  const job: Job = JSON.parse(readFileSync(process.argv[2] ?? '', 'latin1'))
  const key = ssh2.utils.parseKey(readFileSync(job.keyFile))
  if (key instanceof Error) throw key
  const waiting = job.hosts.values()
  const work = async (): Promise<void> => {
    for (const host of waiting) await reach(host, key, job.shells)
  }
  await Promise.all(Array.from({ length: job.parallel }, work))
}

async function reach({ host, port }: Job['hosts'][number], key: ssh2.ParsedKey, shells: Job['shells']): Promise<void> {
  const login: ssh2.PublicKeyAuthMethod = { type: 'publickey', username: 'root', key }
  const client = new ssh2.Client()
  const ready = Promise.withResolvers<void>()
  client.on('ready', ready.resolve).on('error', ready.reject)
  client.connect({
    host,
    port,
    username: 'root',
    algorithms: { kex: ['curve25519-sha256'], cipher: ['aes128-gcm@openssh.com'], serverHostKey: ['ssh-ed25519'] },
    authHandler: [login],
  })
  client.setNoDelay(true)
  await ready.promise
  for (const shell of shells) await run(client, shell)
  client.end()
}

async function run(client: ssh2.Client, { script, answer }: Job['shells'][number]): Promise<void> {
  const ended = Promise.withResolvers<void>()
  client.exec('exec sh -s', (error, channel) => {
    if (error) return ended.reject(error)
    let bytes = 0
    channel.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    channel.on('close', () => {
      if (bytes === answer) ended.resolve()
      else ended.reject(new Error(`floor: ${bytes} bytes came instead of ${answer}`))
    })
    channel.stderr.on('data', (chunk: Buffer) => process.stderr.write(chunk))
    channel.end(script)
  })
  await ended.promise
}

void main()

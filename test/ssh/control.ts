// Hosts of the lab as controllers and as what they control, for the suites of the transports.

import assert from 'node:assert/strict'
import type { LabHost, RunOptions } from '../real/lab/lab.ts'
import type { Job, Outcome, Report } from './driver.ts'

/** Carries a job out on a host, which is the controller then; `log` is what it says beside its report. */
export async function drive(
  controller: LabHost,
  job: Job,
  options: RunOptions = {},
): Promise<Report & { log: string }> {
  const { status, stdout, stderr } = await controller.run(['/opt/node/bin/node', '/opt/lxcnet/test/ssh/driver.ts'], {
    timeoutMs: 240_000,
    ...options,
    input: JSON.stringify(job),
  })
  assert.equal(status, 0, stdout + stderr)
  return { ...JSON.parse(stdout), log: stderr }
}

/** The first outcome of a job. */
export async function first(controller: LabHost, job: Job, options?: RunOptions): Promise<Outcome> {
  const { outcomes } = await drive(controller, job, options)
  const [outcome] = outcomes
  assert.ok(outcome)
  return outcome
}

/** One more sshd on a host, on a port of its own; `lines` go before the configuration that all hosts have. */
export async function sshd(host: LabHost, port: number, lines: readonly string[]): Promise<void> {
  const config = [`Port ${port}`, ...lines, 'Include /etc/lab/sshd_config', ''].join('\n')
  await host.write(`/etc/lab/sshd_config.${port}`, config)
  await host.ok(`/usr/sbin/sshd -f /etc/lab/sshd_config.${port}`)
}

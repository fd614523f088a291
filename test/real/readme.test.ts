/** Two sections of README.md are runs, done once more. */
import assert from 'node:assert/strict'
import { replayed, written } from './readme.ts'

/** What another run, on another kernel, may show otherwise. */
const masked = (text: string): string =>
  text
    .replace(/\b\d{8}-\d{6}-[0-9a-f]{5}\b/g, 'ID')
    .replace(/(rollback )[0-9a-f]{5}\b/g, '$1ID')
    .replace(/\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/g, 'MAC')
    .replace(/^all: no .* in the kernel: .*\n/gm, '')

describe('README.md', function () {
  this.timeout(1_800_000)

  it('shows what happens; node test/real/readme.ts writes it anew', async () => {
    assert.equal(masked(await replayed()), masked(written()))
  })
})

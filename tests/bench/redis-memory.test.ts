/** The one bench whose figures hardly differ between machines, so that its bar can be a promise. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const BENCH = fileURLToPath(new URL('../../bench/redis-memory.bench.ts', import.meta.url))

test('a ring of 1,000 requests takes at most a tenth of a sorted set', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [BENCH, '--quick'])
  expect(stdout).toMatch(/^ {2}ring to the sorted set at 1000: \S+ \(bar: at most 0\.1\) met$/m)
})

/** The benches of the metered gateway run, and print their bars; whether these are met is for a quiet machine. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const pathOf = (name: string): string =>
  fileURLToPath(new URL(`../../bench/${name}.bench.ts`, import.meta.url))

test.each([
  ['first-byte', /ms more than the bare proxy: -?\d\S+ \(bar: at most 2\)/],
  ['slow-streams', /KB for each stream: -?\d\S+ \(bar: at most 60\)/],
])('%s', { timeout: 120_000 }, async (name, bar) => {
  const { stdout } = await promisify(execFile)(process.execPath, [pathOf(name), '--quick'])
  expect(stdout).toMatch(bar)
})

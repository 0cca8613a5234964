import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

function replay(...args: readonly string[]) {
  const main = join(import.meta.dirname, 'main.ts')
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
}

test('the replay reports $312 for the open endpoint and what Lockgate lets through', () => {
  const { status, stdout } = replay('--json')
  const report = JSON.parse(stdout)
  expect(report).toMatchObject({
    ok: true,
    broken: [],
    scenarios: [
      { scenario: 'open', scraper: { reached: 47_200, micro_usd: 311_520_000 }, audit: null },
      {
        scenario: 'no-key',
        scraper: { reached: 0, micro_usd: 0, statuses: { 401: 47_200 } },
        audit: { limit_exceeded: 0, intact: true },
      },
      {
        scenario: 'one-key',
        scraper: { reached: 1_000, statuses: { 200: 1_000, 429: 46_200 }, most_in_24_h: 1_000 },
        audit: { limit_exceeded: 46_200, intact: true },
      },
    ],
  })
  for (const { users } of report.scenarios) expect(users.reached).toBe(users.sent)
  expect(report.scenarios[2].scraper.most_in_60_s).toBeLessThanOrEqual(72)
  expect(status).toBe(0)
}, 60_000)

test('wrong usage exits 2 and says how it is used', () => {
  const { status, stderr } = replay('--nonsense')
  expect(status).toBe(2)
  expect(stderr).toContain("unknown option '--nonsense'")
  expect(stderr).toContain('Usage: npm run replay')
})

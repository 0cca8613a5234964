import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

function replay(...args: readonly string[]) {
  const main = join(import.meta.dirname, 'main.ts')
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })
}

test('the replay reports $312 for the open endpoint and what limits and caps let through', () => {
  const { status, stdout } = replay('--json')
  const report = JSON.parse(stdout)
  expect(report).toMatchObject({ ok: true, broken: [] })
  const of = (name: string) =>
    report.scenarios.find(({ scenario }: { readonly scenario: string }) => scenario === name)
  expect(of('open')).toMatchObject({
    ...{ scraper: { reached: 47_200, micro_usd: 311_520_000 }, audit: null, cap: null },
  })
  expect(of('no-key')).toMatchObject({
    scraper: { reached: 0, micro_usd: 0, statuses: { 401: 47_200 } },
    audit: { limit_exceeded: 0, intact: true },
  })
  expect(of('one-key')).toMatchObject({
    scraper: { reached: 1_000, statuses: { 200: 1_000, 429: 46_200 }, most_in_24_h: 1_000 },
    audit: { limit_exceeded: 46_200, spend_exceeded: 0, intact: true },
  })
  expect(of('one-key').scraper.most_in_60_s).toBeLessThanOrEqual(72)
  expect(of('one-key-capped')).toMatchObject({
    cap: { name: 'spend_day', quota_micro_usd: 1_000_000, spent_micro_usd: 996_600 },
  })
  expect(of('many-keys').scraper.micro_usd).toBe(311_520_000)
  expect(of('many-keys-capped')).toMatchObject({
    cap: { name: 'account_spend_day', quota_micro_usd: 20_000_000, spent_micro_usd: 19_998_000 },
    ledger_micro_usd: 19_998_000,
  })
  expect(of('paid-key').scraper.micro_usd).toBe(1_426_392_000)
  expect(of('paid-key-capped')).toMatchObject({
    cap: { name: 'spend_day', quota_micro_usd: 10_000_000, spent_micro_usd: 9_999_000 },
  })
  const served = report.scenarios.filter(
    ({ scenario }: { readonly scenario: string }) => scenario !== 'many-keys-capped',
  )
  for (const { users } of served) expect(users.reached).toBe(users.sent)
  expect(status).toBe(0)
}, 300_000)

test('wrong usage exits 2 and says how it is used', () => {
  const { status, stderr } = replay('--nonsense')
  expect(status).toBe(2)
  expect(stderr).toContain("unknown option '--nonsense'")
  expect(stderr).toContain('Usage: npm run replay')
})

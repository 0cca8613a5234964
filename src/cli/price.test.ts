import { describe, expect, test } from 'vitest'
import { newFolder } from '../../tests/cli/command-line.ts'
import { dollarText, exactDollars, readMicroUsd } from './price.ts'

describe('prices are whole micro-dollars', () => {
  test.each([
    ['0.0066', 6_600],
    ['$0.000001', 1],
    ['12', 12_000_000],
    ['0', 0],
  ])('%s', (text, expected) => {
    expect(readMicroUsd(text, '--price')).toBe(expected)
  })

  test.each(['-1', '1e3', '0.0000001', '', 'free', '1,5'])('%s is refused', (text) => {
    expect(() => readMicroUsd(text, '--price')).toThrow('--price must be dollars')
  })

  test.each([
    [6_600n, '$0.0066'],
    [1n, '$0.000001'],
    [6_600_000n, '$6.60'],
    [5_703_192_000n, '$5,703.20'],
    [0n, '$0.00'],
  ])('%s micro-dollars are said as %s', (microUsd, expected) => {
    expect(dollarText(microUsd)).toBe(expected)
  })

  test.each([
    [6_600, '$0.0066'],
    [12_345_678, '$12.345678'],
    [5_703_190_000n, '$5,703.19'],
    [0, '$0.00'],
  ])('%s micro-dollars are exactly %s', (microUsd, expected) => {
    expect(exactDollars(microUsd)).toBe(expected)
  })
})

test('tiers says what one key can cost in a day', { timeout: 60_000 }, async () => {
  const config = { tiers: { open: { limits: [], maxConcurrent: 3 } } }
  const folder = newFolder({ 'lockgate.config.json': JSON.stringify(config) })
  const { out } = await folder.run('tiers', '--json')
  const rows = JSON.parse(out)
  expect(rows).toMatchObject([
    { tier: 'free', max_requests_per_day: 1000, max_micro_usd_per_day: 6_600_000 },
    { tier: 'paid', max_requests_per_day: 864_120, max_micro_usd_per_day: 5_703_192_000 },
    { tier: 'open', max_requests_per_day: null, max_micro_usd_per_day: null, max_concurrent: 3 },
  ])
  expect(rows[0].limits[0]).toEqual({
    ...{ name: 'minute', quota: 60, window_ms: 60_000, algorithm: 'sliding-window' },
    burst: { extra_quota: 12, duration_ms: 10_000 },
  })
  const priced = await folder.run('tiers', '--price', '$1')
  expect(priced.out).toContain('$864,120.00')
  expect(priced.out).toContain('unlimited')
  expect(priced.out).toContain('an estimate at $1.00 a request')
})

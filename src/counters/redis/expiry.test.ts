/** Keys on the server leave by themselves, and time there never goes back. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { connectionTo, countersOn } from '../../../tests/counters/rig.ts'
import { startRedis } from '../../../tests/servers/redis.ts'
import { LIMIT_ALGORITHMS, type Limit } from '../../core/limits/limit.ts'
import type { Charge, Counters } from '../../core/ports/counters.ts'
import { monthStartMs } from '../../core/spend/month.ts'
import { spendSubject } from '../../core/subject.ts'
import { createRedisCounters } from './index.ts'

const server = await startRedis()
afterAll(() => server.stop())

const FORMS = ['ring', 'zset'] as const
const SPENDER = spendSubject({ kind: 'key', id: '7Hq2mZ9x' })

const limitsOf = (windowMs: number): readonly Limit[] => [
  {
    ...{ name: 'burst', quota: 2, windowMs, algorithm: 'sliding-window' },
    burst: { extraQuota: 2, durationMs: windowMs },
  },
  { name: 'bucket', quota: 9, windowMs, algorithm: 'token-bucket' },
  { name: 'fixed', quota: 9, windowMs, algorithm: 'fixed-window' },
]

async function keysOn(url: string): Promise<Map<string, number>> {
  const connection = await connectionTo(url)
  const names = await connection.send('KEYS', ['*'], '')
  const pairs = (Array.isArray(names) ? names : []).map(async (name) => {
    return [String(name), Number(await connection.send('PTTL', [String(name)], ''))] as const
  })
  const lifetimes = new Map(await Promise.all(pairs))
  await connection.close()
  return lifetimes
}

/** A hold that is settled, and one that stays open. */
async function spendOn(counters: Counters): Promise<void> {
  const readAtMs = await counters.nowMs()
  const charges = [{ subject: SPENDER, caps: [] }]
  const month = { startMs: monthStartMs(readAtMs), microUsd: 0, tokens: 0 }
  await counters.seed([{ subject: SPENDER, readAtMs, minutes: [], month, open: [] }])
  const amount = { microUsd: 5, tokens: 9 }
  for (const id of ['one', 'two']) {
    await counters.consume({ charges: [], hold: { id, amount, charges, seededSinceMs: 0 } })
  }
  await counters.settleHold({ id: 'one', atMs: readAtMs, charges }, { microUsd: 3, tokens: 1 })
}

describe.each(FORMS)('%s', (form) => {
  test('what was spent is kept for more than a day, and no longer than a day and a half', async () => {
    const connection = await connectionTo(server.url)
    await connection.send('FLUSHALL', [], '')
    const { counters } = countersOn(connection, form)
    await spendOn(counters)
    const [[, ms = 0] = []] = [...(await keysOn(server.url))].filter(([key]) => key.endsWith(':sk'))
    expect(ms).toBeGreaterThan(25 * 3_600_000 - 60_000)
    expect(ms).toBeLessThanOrEqual(36 * 3_600_000)
    await counters.close()
  })

  test('whatever is written has an end', async () => {
    const connection = await connectionTo(server.url)
    await connection.send('FLUSHALL', [], '')
    const { counters } = countersOn(connection, form)
    const charge: Charge = { subject: 'k7Hq2mZ9x', limits: limitsOf(60_000), cost: 2 }
    const outcome = await counters.consume({ charges: [{ ...charge, maxConcurrent: 2 }] })
    if (outcome.kind === 'admitted') await counters.settle(outcome.receipt, [1])
    await counters.consume({ charges: [charge] })
    await counters.setKeyVersion('7Hq2mZ9x', 3)
    await counters.merge([{ subject: 'i203.0.113.7', limits: limitsOf(60_000), agesMs: [5, 1] }])
    await spendOn(counters)
    await counters.heartbeat('one', 5_000)
    await counters.probe()
    await counters.close()
    const lifetimes = await keysOn(server.url)
    expect(lifetimes.size).toBeGreaterThan(6)
    expect([...lifetimes].filter(([, ms]) => ms <= 0)).toEqual([])
    const ofWindows = [...lifetimes].filter(([name]) => /:[rzm]$/.test(name))
    for (const [, ms] of ofWindows) expect(ms).toBeLessThanOrEqual(2 * 60_000 * 1.25 + 1_000)
  })

  test('a subject that nobody asks for is gone', async () => {
    const connection = await connectionTo(server.url)
    await connection.send('FLUSHALL', [], '')
    const counters = createRedisCounters({ connection, form })
    await counters.consume({ charges: [{ subject: 'k7Hq2mZ9x', limits: limitsOf(50), cost: 1 }] })
    expect((await keysOn(server.url)).size).toBeGreaterThan(0)
    await sleep(1_500)
    expect(await keysOn(server.url)).toEqual(new Map())
    await counters.close()
  })

  test.each(LIMIT_ALGORITHMS)('a clock that is set back or forth: %s', async (algorithm) => {
    const connection = await connectionTo(server.url)
    let nowMs = 1_800_000_000_000
    const clock = { monotonicMs: () => nowMs }
    const keyPrefix = `jump-${form}-${algorithm}`
    const counters = createRedisCounters({ connection, form, clock, keyPrefix })
    const limits = [{ name: 'hour', quota: 4, windowMs: 3_600_000, algorithm }]
    const admitted = async (attempts: number): Promise<number> => {
      const charges = [{ subject: 'k7Hq2mZ9x', limits, cost: 1 }]
      let count = 0
      for (let left = attempts; left > 0; left -= 1) {
        if ((await counters.consume({ charges })).kind === 'admitted') count += 1
      }
      return count
    }
    expect(await admitted(3)).toBe(3)
    nowMs -= 2 * 3_600_000
    expect(await admitted(3)).toBe(1)
    nowMs += 2 * 3_600_000
    expect(await admitted(3)).toBe(0)
    nowMs += 2 * 3_600_000
    expect(await admitted(9)).toBe(4)
    await counters.close()
  })
})

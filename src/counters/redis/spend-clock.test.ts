/** Money on a server whose clock is set, and in a hash that is not as it was written. */
import { afterAll, expect, test } from 'vitest'
import { connectionTo, ownPrefix } from '../../../tests/counters/rig.ts'
import { startRedis } from '../../../tests/servers/redis.ts'
import { ask } from '../../../tests/servers/redis-node.ts'
import type { SpendCharge } from '../../core/ports/counters.ts'
import { monthStartMs } from '../../core/spend/month.ts'
import { spendSubject } from '../../core/subject.ts'
import { createRedisCounters, type RedisCounters } from './index.ts'

const server = await startRedis()
afterAll(() => server.stop())

const HOUR_MS = 3_600_000
const day = { name: 'day', unit: 'micro_usd', window: 'day', quota: 100 } as const
const subject = spendSubject({ kind: 'key', id: '7Hq2mZ9x' })
const charges: readonly SpendCharge[] = [{ subject, caps: [day] }]

class Rig {
  nowMs = Date.UTC(2026, 10, 26, 12)
  readonly prefix = ownPrefix()
  readonly counters: RedisCounters
  #holds = 0

  static async open(): Promise<Rig> {
    return new Rig(await connectionTo(server.url))
  }

  private constructor(connection: Awaited<ReturnType<typeof connectionTo>>) {
    const clock = { monotonicMs: () => this.nowMs }
    this.counters = createRedisCounters({ connection, keyPrefix: this.prefix, clock })
  }

  /** What a call with this hold is told; seeds know nothing but `spentMicroUsd`, of the last minute. */
  async kindOf(microUsd: number, seededSinceMs = 0): Promise<string> {
    const hold = { id: `${this.#holds++}`, amount: { microUsd, tokens: 0 }, charges, seededSinceMs }
    return (await this.counters.consume({ charges: [], hold })).kind
  }

  async seed(spentMicroUsd: number): Promise<void> {
    const readAtMs = await this.counters.nowMs()
    const spent = { microUsd: spentMicroUsd, tokens: 0 }
    const minutes = [{ startMs: readAtMs - (readAtMs % 60_000), ...spent }]
    const month = { startMs: monthStartMs(readAtMs), ...spent }
    await this.counters.seed([{ subject, readAtMs, minutes, month, open: [] }])
  }

  async used(): Promise<number | undefined> {
    return (await this.counters.spendStatus(charges))[0]?.[0]?.used
  }
}

test('a clock that is set back, or a server that is behind, makes the ledger be asked', async () => {
  const rig = await Rig.open()
  await rig.seed(30)
  expect(await rig.kindOf(20)).toBe('admitted')
  rig.nowMs -= HOUR_MS
  expect(await rig.kindOf(1)).toBe('unseeded')
  await rig.seed(30)
  expect(await rig.used()).toBe(50)
  expect(await rig.kindOf(51)).toBe('refused')
  expect(await rig.kindOf(50, rig.nowMs)).toBe('admitted')
  await rig.counters.close()
})

test('a clock that is set back after a seed gives nothing back, and a new seed counts at once', async () => {
  const rig = await Rig.open()
  await rig.seed(30)
  rig.nowMs += 2 * HOUR_MS
  expect(await rig.kindOf(60)).toBe('admitted')
  rig.nowMs -= HOUR_MS
  expect(await rig.kindOf(11)).toBe('refused')
  expect(await rig.kindOf(10, rig.nowMs)).toBe('unseeded')
  await rig.seed(30)
  expect(await rig.kindOf(10, rig.nowMs)).toBe('admitted')
  expect(await rig.used()).toBe(100)
  await rig.counters.close()
})

test.each([
  ['was deleted', (name: string) => ['DEL', name]],
  ['has another format', (name: string) => ['HSET', name, 'state', 'old']],
])('a hash that %s is as one that was never seeded', async (_, commandFor) => {
  const rig = await Rig.open()
  await rig.seed(30)
  expect(await rig.kindOf(1)).toBe('admitted')
  const [command = '', ...args] = commandFor(`${rig.prefix}:{7Hq2mZ9x}:sk`)
  await ask(server.port, command, ...args)
  expect(await rig.kindOf(1)).toBe('unseeded')
  expect(await rig.used()).toBe(0)
  await rig.seed(99)
  expect(await rig.kindOf(2)).toBe('refused')
  await rig.counters.close()
})

/** What some parts of a request took when another refuses, or cannot be asked. */
import { afterAll, expect, test, vi } from 'vitest'
import { connectionTo, ownPrefix } from '../../../tests/counters/rig.ts'
import { type RedisServer, startRedis } from '../../../tests/servers/redis.ts'
import type { Limit } from '../../core/limits/limit.ts'
import type { SpendCharge } from '../../core/ports/counters.ts'
import { monthStartMs } from '../../core/spend/month.ts'
import { spendSubject } from '../../core/subject.ts'
import { createTestClock } from '../../testing/test-clock.ts'
import { createRedisCounters, type RedisConnection, type RedisCounters } from './index.ts'

const clock = createTestClock(Date.now())
const server: RedisServer = await startRedis()
afterAll(() => server.stop())

const limits: readonly Limit[] = [
  { name: 'minute', quota: 2, windowMs: 60_000, algorithm: 'sliding-window' },
]
const KEY = { subject: 'k7Hq2mZ9x', limits, cost: 1 }
const ADDRESS = { subject: 'i203.0.113.7', limits, cost: 2 }
const day = { name: 'day', unit: 'micro_usd', window: 'day', quota: 100 } as const
const HELD: readonly SpendCharge[] = [
  { subject: spendSubject({ kind: 'key', id: '7Hq2mZ9x' }), caps: [day] },
  { subject: spendSubject({ kind: 'owner', id: 'ada@example.com' }), caps: [day] },
]

/** A server that is asked part by part, as a Cluster is; commands that `breaks` matches are not sent. */
async function partedCounters(
  breaks: (args: string, count: number) => boolean,
): Promise<RedisCounters> {
  const real = await connectionTo(server.url)
  let count = 0
  const connection: RedisConnection = {
    ...real,
    isCluster: true,
    send(command, args, key) {
      count += 1
      const isBroken = breaks(args.join(' '), count)
      return isBroken
        ? Promise.reject(new Error('CLUSTERDOWN The cluster is down'))
        : real.send(command, args, key)
    },
  }
  return createRedisCounters({ connection, keyPrefix: ownPrefix(), clock })
}

async function seed(counters: RedisCounters, charges: readonly SpendCharge[]): Promise<void> {
  const readAtMs = await counters.nowMs()
  const month = { startMs: monthStartMs(readAtMs), microUsd: 0, tokens: 0 }
  const rest = { readAtMs, minutes: [], month, open: [] }
  await counters.seed(charges.map(({ subject }) => ({ subject, ...rest })))
}

async function used(counters: RedisCounters): Promise<readonly number[]> {
  return (await counters.spendStatus(HELD)).map(([status]) => status?.used ?? -1)
}

// Vitest fails a run in which a rejection is left unhandled: it would end the process of a gate.
test('giving back that fails is one failure of one request', async () => {
  let broken = false
  const counters = await partedCounters(() => broken)
  expect(await counters.consume({ charges: [ADDRESS] })).toMatchObject({ kind: 'admitted' })
  const refused = counters.consume({ charges: [KEY, ADDRESS] })
  // Both parts are under way; what comes next is what gives back.
  setImmediate(() => setImmediate(() => (broken = true)))
  await expect(refused).rejects.toMatchObject({ reason: 'cluster_down' })
  await counters.close()
})

test('a part that cannot be asked leaves no hold with the others', async () => {
  let broken = false
  const counters = await partedCounters((args) => broken && args.includes('}:so'))
  await seed(counters, HELD)
  broken = true
  const hold = { id: 'one', amount: { microUsd: 60, tokens: 1 }, charges: HELD, seededSinceMs: 0 }
  await expect(counters.consume({ charges: [KEY], hold })).rejects.toMatchObject({
    reason: 'cluster_down',
  })
  broken = false
  await vi.waitFor(async () => expect(await used(counters)).toEqual([0, 0]))
  await counters.close()
})

test('a hold that was given back may be taken again, and a seed then knows it as open', async () => {
  const counters = await partedCounters(() => false)
  await seed(counters, HELD.slice(0, 1))
  const amount = { microUsd: 60, tokens: 1 }
  const hold = { id: 'one', amount, charges: HELD, seededSinceMs: 0 }
  const outcome = await counters.consume({ charges: [KEY], hold })
  expect(outcome).toEqual({ kind: 'unseeded', subjects: [HELD[1]?.subject] })
  expect(await used(counters)).toEqual([0, 0])
  await seed(counters, HELD.slice(1))
  expect(await counters.consume({ charges: [KEY], hold })).toMatchObject({ kind: 'admitted' })
  const [first] = HELD
  const atMs = await counters.nowMs()
  clock.advance(2_000)
  const readAtMs = await counters.nowMs()
  const open = [{ id: 'one', atMs, ...amount }]
  const month = { startMs: monthStartMs(readAtMs), microUsd: 0, tokens: 0 }
  await counters.seed([{ subject: first?.subject ?? '', readAtMs, minutes: [], month, open }])
  expect(await used(counters)).toEqual([60, 60])
  await counters.close()
})

test('an owner is named by a hash, and no tag holds a brace', async () => {
  let sent = ''
  const counters = await partedCounters((args) => {
    sent += args
    return false
  })
  const ids = ['{x}@example.com', '}{@example.com', '{@example.com']
  const charges = ids.flatMap((id) => [
    { subject: spendSubject({ kind: 'owner', id }), caps: [day] },
    { subject: spendSubject({ kind: 'tier', id }), caps: [day] },
  ])
  await seed(counters, charges)
  for (const [index, charge] of charges.entries()) {
    const amount = { microUsd: index + 1, tokens: 0 }
    const hold = { id: `hold ${index}`, amount, charges: [charge], seededSinceMs: 0 }
    expect(await counters.consume({ charges: [], hold })).toMatchObject({ kind: 'admitted' })
  }
  const each = (await counters.spendStatus(charges)).map(([status]) => status?.used)
  expect(each).toEqual([1, 2, 3, 4, 5, 6])
  expect(sent).not.toContain('{ox')
  expect(sent).not.toMatch(/\{o[^}]*@/)
  expect(sent).toContain('{t%7Bx%7D@example.com}:st')
  await counters.close()
})

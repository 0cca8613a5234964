/** The rights that docs/guides/redis.md gives to a user of Redis are enough, and no more than ours. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'
import { connectRedis } from '../../src/compose/connect-redis.ts'
import type { Limit } from '../../src/core/limits/limit.ts'
import type { SpendCap } from '../../src/core/spend/caps.ts'
import { monthStartMs } from '../../src/core/spend/month.ts'
import { spendSubject } from '../../src/core/subject.ts'
import { createRedisCounters, type RedisCounters } from '../../src/counters/redis/index.ts'
import { startCluster } from '../servers/cluster.ts'
import { startRedis } from '../servers/redis.ts'
import { ask } from '../servers/redis-node.ts'

const page = readFileSync(join(ROOT, 'docs/guides/redis.md'), 'utf8')
const [, listed = ''] = /ACL SETUSER lockgate ([^$]+?)\n```/.exec(page) ?? []
const rules = listed.replaceAll(/\\\n/g, ' ').replaceAll("'", '').trim().split(/\s+/)
const password = rules.find((rule) => rule.startsWith('>'))?.slice(1) ?? ''

const single = await startRedis()
const cluster = await startCluster()
afterAll(async () => {
  await single.stop()
  await cluster.stop()
})

const minute: Limit = {
  ...{ name: 'minute', quota: 2, windowMs: 60_000, algorithm: 'sliding-window' },
  burst: { extraQuota: 1, durationMs: 10_000 },
}
const bucket: Limit = { name: 'b', quota: 9, windowMs: 60_000, algorithm: 'token-bucket' }
const spendDay: SpendCap = { name: 'spend_day', unit: 'micro_usd', window: 'day', quota: 100 }
const request = {
  charges: [
    { subject: 'k7Hq2mZ9x', limits: [minute, bucket], cost: 1, maxConcurrent: 9 },
    { subject: 'i203.0.113.7', limits: [minute], cost: 1 },
  ],
  key: { keyId: '7Hq2mZ9x', version: 1 },
}

/** All that counters ever ask, with limits that are used up, given back and replaced. */
async function useAll(counters: RedisCounters): Promise<void> {
  await counters.probe()
  expect(await counters.heartbeat('one', 5000)).toEqual(['one'])
  const kinds: string[] = []
  for (let call = 0; call < 4; call += 1) {
    const outcome = await counters.consume(request)
    kinds.push(outcome.kind)
    if (outcome.kind === 'admitted') await counters.settle(outcome.receipt, [2 - call, 1])
    await counters.renewPlaces()
  }
  expect(kinds).toContain('admitted')
  const limits = [{ ...minute, quota: 90 }]
  await counters.merge([{ subject: 'k7Hq2mZ9x', limits, agesMs: [2, 1] }])
  for (let call = 0; call < 70; call += 1) {
    await counters.consume({ charges: [{ subject: 'k7Hq2mZ9x', limits, cost: 1 }] })
  }
  await counters.peek(request)
  await spend(counters)
  await counters.setKeyVersion('7Hq2mZ9x', 2)
  expect(await counters.consume(request)).toEqual({ kind: 'stale-key', version: 2 })
}

/** Seeds, holds and costs, with slices and holds that go. */
async function spend(counters: RedisCounters): Promise<void> {
  const charges = [
    { subject: spendSubject({ kind: 'key', id: '7Hq2mZ9x' }), caps: [spendDay] },
    { subject: spendSubject({ kind: 'account', id: '' }), caps: [] },
  ]
  const ids = ['one', 'two', 'three']
  for (const id of ids) {
    const readAtMs = await counters.nowMs()
    const month = { startMs: monthStartMs(readAtMs), microUsd: 0, tokens: 0 }
    const open = [{ id: `${id} of another`, atMs: readAtMs, microUsd: 1, tokens: 1 }]
    const seeds = charges.map(({ subject }) => ({ subject, readAtMs, minutes: [], month, open }))
    await counters.seed(seeds)
    const hold = { id, amount: { microUsd: 5, tokens: 9 }, charges, seededSinceMs: 0 }
    const { kind } = await counters.consume({ charges: [], hold })
    expect(kind).toBe('admitted')
    await counters.settleHold({ id, atMs: readAtMs, charges }, { microUsd: 0, tokens: 0 })
    await vi.waitUntil(async () => (await counters.nowMs()) > readAtMs)
  }
  await counters.spendStatus(charges)
}

describe.each([
  ['a single server', single.url],
  ['a Cluster', cluster.url],
])('on %s', (_, url) => {
  test.each(['ring', 'zset'] as const)('the rights of the guide are enough as %s', async (form) => {
    const ports = url.split(',').map((one) => Number(new URL(one).port))
    for (const port of ports) await ask(port, 'ACL', 'SETUSER', 'lockgate', ...rules)
    const own = url.replaceAll('redis://', `redis://lockgate:${password}@`)
    const { connection } = await connectRedis(own)
    const counters = createRedisCounters({ connection, form, keyPrefix: `lockgate:${form}` })
    const answers = () =>
      counters.probe().then(
        () => true,
        () => false,
      )
    await vi.waitUntil(answers, { timeout: 10_000 })
    await useAll(counters)
    await counters.close()
    for (const port of ports) expect(await ask(port, 'ACL', 'LOG')).toEqual([])
  })
})

test('they reach no key of somebody else', async () => {
  const { connection } = await connectRedis(single.url.replace('//', `//lockgate:${password}@`))
  await vi.waitUntil(() =>
    connection.probe().then(
      () => true,
      () => false,
    ),
  )
  await expect(connection.send('GET', ['session:1'], '')).rejects.toThrow('NOPERM')
  await expect(connection.send('FLUSHALL', [], '')).rejects.toThrow('NOPERM')
  await connection.close()
})

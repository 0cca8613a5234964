/** A command reaches a server once or never, wherever its connection is cut: none is sent again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { connectRedis } from '../../src/compose/connect-redis.ts'
import type { Limit } from '../../src/core/limits/limit.ts'
import { createRedisCounters, type RedisCounters } from '../../src/counters/redis/index.ts'
import { until } from '../servers/child.ts'
import { startCluster } from '../servers/cluster.ts'
import { startFaultProxy } from '../servers/fault-proxy.ts'
import { startRedis } from '../servers/redis.ts'
import { ask } from '../servers/redis-node.ts'

const QUOTA = 100_000
const LIMITS: readonly Limit[] = Object.freeze([
  { name: 'minute', quota: QUOTA, windowMs: 60_000, algorithm: 'sliding-window' },
])
const SUBJECT = 'k7Hq2mZ9x'
/** Keeps a server busy, so that it finds commands and the end of their connection at once. */
const BUSY = 'for n = 1, 5e6 do end'

const cleanUps: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

const take = (counters: RedisCounters, subject = SUBJECT) =>
  counters.consume({ charges: [{ subject, limits: LIMITS, cost: 1 }] })

/** How many units the server has. */
async function used(counters: RedisCounters, subject = SUBJECT): Promise<number> {
  const outcome = await counters.peek({ charges: [{ subject, limits: LIMITS, cost: 1 }] })
  const remaining = outcome.kind === 'admitted' ? (outcome.limits[0]?.[0]?.remaining ?? 0) : 0
  return QUOTA - remaining
}

/** Runs of the script by its name. */
async function scriptRuns(port: number): Promise<number> {
  const info = String(await ask(port, 'INFO', 'commandstats'))
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(info)?.[1] ?? 0)
}

const isBack = (counters: RedisCounters) =>
  until('Redis is reached again', async () => {
    await counters.probe()
    return true
  })

test('of a connection that is cut 50 times before or after the command', async () => {
  const redis = await startRedis()
  cleanUps.push(redis.stop)
  const proxy = await startFaultProxy(redis.port)
  cleanUps.push(proxy.stop)
  const { connection } = await connectRedis(`redis://127.0.0.1:${proxy.port}`)
  const counters = createRedisCounters({ connection })
  cleanUps.push(() => counters.close())
  await isBack(counters)
  await take(counters)
  await ask(redis.port, 'CONFIG', 'RESETSTAT')

  for (let time = 0; time < 50; time++) {
    const moment = time % 2 === 0 ? 'before' : 'after'
    proxy.cutWhen((chunk, from) =>
      from === 'client' && chunk.includes('EVALSHA') ? moment : 'pass',
    )
    await expect(take(counters)).rejects.toMatchObject({ reason: 'unreachable' })
    await isBack(counters)
  }
  expect(await scriptRuns(redis.port)).toBe(25)
  expect(await used(counters)).toBe(1 + 25)
})

test('of connections to a Cluster that are cut when the commands have run', async () => {
  const cluster = await startCluster()
  cleanUps.push(() => cluster.stop())
  const { connection } = await connectRedis(cluster.url)
  const counters = createRedisCounters({ connection })
  cleanUps.push(() => counters.close())
  await isBack(counters)
  const ports = (await cluster.masters()).map(({ port }) => port)

  const counts = new Set<number>()
  let lost = 0
  // On a busy machine a cut may come too early or too late, again and again.
  for (let round = 0; round < 20 || (lost === 0 && round < 80); round++) {
    const subjects = Array.from({ length: 30 }, (_, index) => `k${1_000_000 + 30 * round + index}x`)
    const busy = ports.map((port) => ask(port, 'EVAL', BUSY, '0'))
    await sleep(10)
    const asked = subjects.map((subject) => take(counters, subject))
    await sleep(10)
    const cuts = ports.map((port) => ask(port, 'CLIENT', 'KILL', 'TYPE', 'normal'))
    const outcomes = await Promise.allSettled(asked)
    await Promise.allSettled([...busy, ...cuts])
    await isBack(counters)
    for (const [index, { status }] of outcomes.entries()) {
      const count = await used(counters, subjects[index])
      counts.add(count)
      if (status === 'rejected' && count > 0) lost++
    }
  }
  expect(counts).not.toContain(2)
  // Some commands were carried out and their answers lost, or the test would show nothing.
  expect(lost).toBeGreaterThan(0)
}, 120_000)

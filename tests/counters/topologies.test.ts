/**
 * Real Sentinels and a real Cluster through the URL that a person writes: counts go on after a
 * failover, redirections are followed, and a server that cannot serve is named for what it is.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { connectRedis } from '../../src/compose/connect-redis.ts'
import { CountersUnavailableError } from '../../src/core/errors.ts'
import type { Limit } from '../../src/core/limits/limit.ts'
import { createRedisCounters, type RedisCounters } from '../../src/counters/redis/index.ts'
import { until } from '../servers/child.ts'
import { type Cluster, startCluster } from '../servers/cluster.ts'
import { startRedis } from '../servers/redis.ts'
import { ask } from '../servers/redis-node.ts'
import { startSentinel } from '../servers/sentinel.ts'

const SLOW = { timeout: 60_000 }
const QUOTA = 100
const LIMITS: readonly Limit[] = Object.freeze([
  { name: 'minute', quota: QUOTA, windowMs: 60_000, algorithm: 'sliding-window' },
])
const SUBJECT = 'k7Hq2mZ9x'

const cleanUps: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function open(url: string): Promise<RedisCounters> {
  const { connection } = await connectRedis(url)
  const counters = createRedisCounters({ connection })
  cleanUps.push(() => counters.close())
  await isBack(counters)
  return counters
}

const isBack = (counters: RedisCounters) =>
  until('the counters answer', async () => {
    await counters.probe()
    return true
  })

/** What remains after one unit more. */
async function take(counters: RedisCounters): Promise<number> {
  const outcome = await counters.consume({
    charges: [{ subject: SUBJECT, limits: LIMITS, cost: 1 }],
  })
  if (outcome.kind !== 'admitted') throw new Error(`it is ${outcome.kind}`)
  return outcome.limits[0]?.[0]?.remaining ?? Number.NaN
}

/** The reasons that are given until it works again. */
async function reasonsUntilTaken(counters: RedisCounters): Promise<Set<string>> {
  const reasons = new Set<string>()
  await until('a unit is taken', async () => {
    try {
      await take(counters)
      return true
    } catch (error) {
      reasons.add(error instanceof CountersUnavailableError ? error.reason : String(error))
      return false
    }
  })
  return reasons
}

describe('Sentinel', SLOW, () => {
  test('leads to the new master, which knows what the old one counted', async () => {
    const set = await startSentinel()
    cleanUps.push(() => set.stop())
    const counters = await open(set.url)
    expect(await take(counters)).toBe(QUOTA - 1)
    await set.failover()
    // The old master takes writes, and loses them, until it has become a replica.
    await set.restartDead()
    await isBack(counters)
    expect(await take(counters)).toBe(QUOTA - 2)
    await set.killMaster()
    await isBack(counters)
    expect(await take(counters)).toBe(QUOTA - 3)
  })

  test('also away from a master that says nothing any more', async () => {
    const set = await startSentinel()
    cleanUps.push(() => set.stop())
    const counters = await open(set.url)
    await take(counters)
    await set.pauseMaster()
    void take(counters).catch(() => undefined)
    await isBack(counters)
    expect(await take(counters)).toBe(QUOTA - 2)
  })
})

describe('Cluster', SLOW, () => {
  async function started(): Promise<Cluster> {
    const cluster = await startCluster()
    cleanUps.push(() => cluster.stop())
    return cluster
  }

  test('goes on with the replica of a killed master; no probe succeeds before', async () => {
    const cluster = await started()
    const counters = await open(cluster.url)
    const { index, port } = await ownerOf(cluster)
    await take(counters)
    await cluster.killMaster(index)
    await isBack(counters)
    expect((await ownerOf(cluster)).port).not.toBe(port)
    expect(await take(counters)).toBe(QUOTA - 2)
  })

  test('is followed where a slot moves, while it moves and after', async () => {
    const cluster = await started()
    const counters = await open(cluster.url)
    const { slot, index, port } = await ownerOf(cluster)
    const masters = (await cluster.masters()).map((master) => master.port)
    const target = masters[(index + 1) % masters.length] ?? 0
    const [from, to] = [
      String(await ask(port, 'CLUSTER', 'MYID')),
      String(await ask(target, 'CLUSTER', 'MYID')),
    ]
    await ask(target, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', from)
    await ask(port, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', to)
    // The old owner has nothing of this subject, so it answers ASK; later it answers MOVED.
    expect(await take(counters)).toBe(QUOTA - 1)
    expect(await take(counters)).toBe(QUOTA - 2)
    for (const one of [target, ...masters.filter((master) => master !== target)]) {
      await ask(one, 'CLUSTER', 'SETSLOT', slot, 'NODE', to)
    }
    expect(await take(counters)).toBe(QUOTA - 3)
  })

  test('that misses slots is down', async () => {
    const cluster = await started()
    const counters = await open(cluster.url)
    const { slot, port } = await ownerOf(cluster)
    for (const master of await cluster.masters())
      await ask(master.port, 'CLUSTER', 'DELSLOTS', slot)
    await expect(take(counters)).rejects.toMatchObject({ reason: 'cluster_down' })
    await expect(counters.probe()).rejects.toMatchObject({ reason: 'cluster_down' })
    await ask(port, 'CLUSTER', 'ADDSLOTS', slot)
    await isBack(counters)
    await take(counters)
  })

  /** The master of the subject's slot. */
  async function ownerOf(cluster: Cluster) {
    const masters = await cluster.masters()
    const slot = Number(await ask(masters[0]?.port ?? 0, 'CLUSTER', 'KEYSLOT', SUBJECT.slice(1)))
    const index = masters.findIndex(({ slots }) =>
      slots.some(([first, last]) => first <= slot && slot <= last),
    )
    return { slot: String(slot), index, port: masters[index]?.port ?? 0 }
  }
})

describe('one server', SLOW, () => {
  test('that has become a replica is read only, and left until it is a master again', async () => {
    const master = await startRedis()
    cleanUps.push(master.stop)
    const other = await startRedis()
    cleanUps.push(other.stop)
    const counters = await open(master.url)
    await take(counters)
    await ask(master.port, 'REPLICAOF', '127.0.0.1', String(other.port))
    await expect(take(counters)).rejects.toMatchObject({ reason: 'read_only' })
    await expect(isReadOnly(counters)).resolves.toBe(true)
    await ask(master.port, 'REPLICAOF', 'NO', 'ONE')
    await isBack(counters)
    await take(counters)
  })

  test('that loads its data counts again once it is loaded', async () => {
    // 150 ms for each key that is read from the file.
    const args = ['--appendonly', 'yes', '--key-load-delay', '150000']
    const redis = await startRedis({ args })
    cleanUps.push(redis.stop)
    const counters = await open(redis.url)
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await ask(redis.port, 'SET', key, '1')
    await take(counters)
    await redis.kill()
    const [reasons] = await Promise.all([reasonsUntilTaken(counters), redis.start()])
    expect([...reasons].every((reason) => ['unreachable', 'loading'].includes(reason))).toBe(true)
    expect(await take(counters)).toBe(QUOTA - 3)
  })
})

/** Once it is connected again, each probe says so. */
async function isReadOnly(counters: RedisCounters): Promise<boolean> {
  await until('a probe is refused', async () => {
    const error: unknown = await counters.probe().catch((reason: unknown) => reason)
    return error instanceof CountersUnavailableError && error.reason === 'read_only'
  })
  return true
}

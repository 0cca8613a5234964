/**
 * Four instances, one key, and more callers than its limit allows, all at once: in round after round
 * exactly as many are admitted as the limit says.
 */
import type { Limit } from '../../src/core/limits/limit.ts'
import type { RouteLimits } from '../../src/engine/gate.ts'
import type { LockgateConfig } from '../../src/index.ts'
import { testDatabase } from '../servers/postgres.ts'
import { closeInstances, type Instance, launchInstances } from './instances.ts'

export const LIMIT = 10
const CALLERS = 64
/** More than one, so that each master of a Cluster has some. */
const KEYS = 32
/** So many rounds are under way at once, which saves the time that each waits for its answers. */
const LANES = 4
const ROUTE_LIMITS: readonly Limit[] = Object.freeze([
  { name: 'minute', quota: LIMIT, windowMs: 60_000, algorithm: 'sliding-window' },
])

const CONFIG = {
  keys: { argon2id: { memoryKiB: 8, passes: 1 } },
  ip: false,
  // A busy machine must not be taken for an outage.
  redis: { deadline: '5s' },
} as const

const LIMITED = { free: { limits: [{ name: 'minute', quota: LIMIT, window: '1m' }] } } as const
const UNLIMITED = { free: { limits: [] } } as const

/** How many rounds ended with how many admitted, such as `{ 10: 200 }`; other answers by their code. */
export type Tally = Readonly<Record<string, number>>

/** A fresh key for each round, limited by its tier. Every caller's is the first use of it. */
export async function playWithFreshKeys(redisUrl: string, rounds: number): Promise<Tally> {
  return onInstances(redisUrl, LIMITED, async (instances) => {
    const tally: Record<string, number> = {}
    let key = await issue(instances, 0)
    for (let round = 1; round <= rounds; round++) {
      const next = issue(instances, round)
      count(tally, await play(instances, key))
      key = await next
    }
    return tally
  })
}

/** Keys that all instances know, and for each round a fresh window: a route of its own. */
export async function playWithFreshWindows(redisUrl: string, rounds: number): Promise<Tally> {
  return onInstances(redisUrl, UNLIMITED, async (instances) => {
    const tally: Record<string, number> = {}
    const keys: string[] = []
    while (keys.length < KEYS) keys.push(await issue(instances, keys.length))
    let next = 0
    const lanes = Array.from({ length: LANES }, async () => {
      while (next < rounds) {
        const round = next++
        const route = { id: `round ${round}`, limits: ROUTE_LIMITS }
        count(tally, await play(instances, keys[round % KEYS] ?? '', route))
      }
    })
    await Promise.all(lanes)
    return tally
  })
}

async function onInstances(
  redisUrl: string,
  tiers: LockgateConfig['tiers'] & object,
  playAll: (instances: readonly Instance[]) => Promise<Tally>,
): Promise<Tally> {
  const database = await testDatabase()
  let instances: Instance[] = []
  try {
    const config = { ...CONFIG, tiers }
    instances = await launchInstances({ databaseUrl: database.url, redisUrl, config })
    return await playAll(instances)
  } finally {
    await closeInstances(instances)
    await database.stop()
  }
}

async function issue(instances: readonly Instance[], round: number): Promise<string> {
  return (await instances[round % instances.length]?.ask('issue')) ?? ''
}

/** The number of the admitted, where the rest was refused as it should be. */
async function play(
  instances: readonly Instance[],
  key: string,
  route?: RouteLimits,
): Promise<string> {
  const callers = CALLERS / instances.length
  const asked = instances.map((instance) => instance.ask('codesOf', key, callers, route))
  const codes = (await Promise.all(asked)).flat()
  const strange = codes.find((code) => code !== 'allowed' && code !== 'rate_limited')
  return strange ?? String(codes.filter((code) => code === 'allowed').length)
}

function count(tally: Record<string, number>, result: string): void {
  tally[result] = (tally[result] ?? 0) + 1
}

/** A cap that fits k of 1,000 calls at once lets in k, on each kind of counters. */
import { expect, test } from 'vitest'
import { startCluster } from '../servers/cluster.ts'
import { testDatabase } from '../servers/postgres.ts'
import { testRedis } from '../servers/redis.ts'
import { expectedTally, playRounds, type RoundsOptions } from './k-of-n.ts'

const CALLERS = 1_000
const PATIENT = { timeout: 180_000 }

async function expectExact(options: RoundsOptions): Promise<void> {
  expect(await playRounds(options)).toEqual(expectedTally(options))
}

test('no race passes a cap: one instance, counters in memory', PATIENT, () =>
  expectExact({ instances: 1, rounds: 2, callers: CALLERS }),
)

test.each([
  ['one Redis', testRedis],
  ['a Cluster', startCluster],
])('no race passes a cap: four instances on %s', PATIENT, async (_name, start) => {
  const redis = await start()
  const database = await testDatabase()
  try {
    const variables = { LOCKGATE_DATABASE_URL: database.url, LOCKGATE_REDIS_URL: redis.url }
    await expectExact({ instances: 4, rounds: 1, callers: CALLERS, variables })
  } finally {
    await database.stop()
    await redis.stop()
  }
})

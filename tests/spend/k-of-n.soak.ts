/** 1,000 rounds of 1,000 calls at once, on each kind of counters: each lets in exactly k. */
import { expect, test } from 'vitest'
import { startCluster } from '../servers/cluster.ts'
import { testDatabase } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { expectedTally, playRounds, type RoundsOptions } from './k-of-n.ts'

const SIZE = { rounds: 1_000, callers: 1_000 }

async function play(name: string, options: RoundsOptions): Promise<void> {
  const tally = await playRounds(options)
  console.log(`${name}: ${JSON.stringify(tally)}`)
  expect(tally).toEqual(expectedTally(options))
}

test('memory', () => play('memory', { instances: 1, ...SIZE }))

test.each([
  ['one Redis', startRedis],
  ['a Cluster', startCluster],
])('four instances on %s', async (name, start) => {
  const redis = await start()
  const database = await testDatabase()
  try {
    const variables = { LOCKGATE_DATABASE_URL: database.url, LOCKGATE_REDIS_URL: redis.url }
    await play(name, { instances: 4, ...SIZE, variables })
  } finally {
    await database.stop()
    await redis.stop()
  }
})

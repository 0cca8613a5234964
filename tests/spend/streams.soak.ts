/** 10,000 streams that are cut or left in six phases; on SQLite and memory, on PostgreSQL and Redis. */
import { expect, test } from 'vitest'
import { startPostgres } from '../servers/postgres.ts'
import { startRedis } from '../servers/redis.ts'
import { closedWithin, expectTrueLedger } from './six-phases.ts'
import { playStreams, type StreamsOptions } from './streams.ts'

const STREAMS = 10_000

async function play(name: string, servers: Omit<StreamsOptions, 'streams'>): Promise<void> {
  const report = await playStreams({ streams: STREAMS, ...servers })
  expectTrueLedger(report, STREAMS)
  const all = report.outcomes
    .flatMap(({ closedAfterMs }) => closedAfterMs)
    .toSorted((a, b) => a - b)
  const p99 = all[Math.ceil(all.length * 0.99) - 1]
  console.log(`${name}: the upstream was closed ${p99} ms (p99) after its client had left`)
  expect(closedWithin(report, 1_000)).toBeGreaterThanOrEqual(0.99)
}

test(`${STREAMS} streams on SQLite and memory`, () => play('SQLite and memory', {}))

test(`${STREAMS} streams on PostgreSQL and Redis`, async () => {
  const redis = await startRedis()
  const postgres = await startPostgres()
  try {
    const databaseUrl = await postgres.createDatabase()
    await play('PostgreSQL and Redis', { databaseUrl, redisUrl: redis.url })
  } finally {
    await redis.stop()
    await postgres.stop()
  }
})

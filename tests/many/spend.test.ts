/** 1,000 callers of four processes spend exactly what a cap allows, on one Redis and on a Cluster. */
import { expect, test } from 'vitest'
import { startCluster } from '../servers/cluster.ts'
import { testRedis } from '../servers/redis.ts'
import { playSpend } from './spend.ts'

/** A fifth of them with several caps that bind. */
const ROUNDS = 10

test('on one Redis', async () => {
  const server = await testRedis()
  try {
    expect(await playSpend(server.url, ROUNDS)).toEqual({ exact: ROUNDS })
  } finally {
    await server.stop()
  }
}, 120_000)

test('on a Cluster', async () => {
  const server = await startCluster()
  try {
    const { exact = 0, fewer = 0, ...wrong } = await playSpend(server.url, ROUNDS)
    expect(wrong).toEqual({})
    expect(exact).toBeGreaterThanOrEqual((ROUNDS * 4) / 5)
    expect(exact + fewer).toBe(ROUNDS)
  } finally {
    await server.stop()
  }
}, 120_000)

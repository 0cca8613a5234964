import { expect, test } from 'vitest'
import { startCluster } from '../servers/cluster.ts'
import { startRedis } from '../servers/redis.ts'
import { playSpend } from './spend.ts'

const ROUNDS = Number(process.env['LOCKGATE_ROUNDS'] ?? 1_000)

test.each([
  ['one Redis', startRedis],
  ['a Cluster', startCluster],
])(
  `${ROUNDS} rounds of 1,000 callers at once on %s`,
  async (name, start) => {
    const server = await start()
    try {
      const beganAt = performance.now()
      const tally = await playSpend(server.url, ROUNDS)
      const seconds = Math.round((performance.now() - beganAt) / 1_000)
      console.log(`${name}: rounds by what was admitted ${JSON.stringify(tally)}, ${seconds} s`)
      const { exact = 0, fewer = 0, ...wrong } = tally
      expect(wrong).toEqual({})
      expect(exact + fewer).toBe(ROUNDS)
      expect(fewer).toBeLessThanOrEqual(name === 'a Cluster' ? ROUNDS / 5 : 0)
    } finally {
      await server.stop()
    }
  },
  3_600_000,
)

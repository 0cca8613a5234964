import { expect, test } from 'vitest'
import { startCluster } from '../servers/cluster.ts'
import { startRedis } from '../servers/redis.ts'
import { LIMIT, playWithFreshWindows } from './exact.ts'

const ROUNDS = 10_000

test.each([
  ['one Redis', startRedis],
  ['a Cluster', startCluster],
])(
  `${ROUNDS} rounds on %s`,
  async (name, start) => {
    const server = await start()
    try {
      const beganAt = performance.now()
      const tally = await playWithFreshWindows(server.url, ROUNDS)
      const seconds = Math.round((performance.now() - beganAt) / 1_000)
      console.log(
        `${name}: rounds by how many were admitted ${JSON.stringify(tally)}, ${seconds} s`,
      )
      expect(tally).toEqual({ [LIMIT]: ROUNDS })
    } finally {
      await server.stop()
    }
  },
  3_600_000,
)

/** Four processes admit exactly the limit, on one Redis and on a Cluster. */
import { expect, test } from 'vitest'
import { startCluster } from '../servers/cluster.ts'
import { testRedis } from '../servers/redis.ts'
import { LIMIT, playWithFreshKeys } from './exact.ts'

const ROUNDS = 200

test.each([
  ['one Redis', testRedis],
  ['a Cluster', startCluster],
])(
  `${ROUNDS} rounds on %s`,
  async (_name, start) => {
    const server = await start()
    try {
      expect(await playWithFreshKeys(server.url, ROUNDS)).toEqual({ [LIMIT]: ROUNDS })
    } finally {
      await server.stop()
    }
  },
  120_000,
)

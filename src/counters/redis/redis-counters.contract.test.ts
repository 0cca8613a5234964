/** Both forms keep the contract of counters, on a single server and on a Cluster. */
import { afterAll, describe, test } from 'vitest'
import { connectionTo, countersOn } from '../../../tests/counters/rig.ts'
import { startCluster } from '../../../tests/servers/cluster.ts'
import { testRedis } from '../../../tests/servers/redis.ts'
import { countersContract } from '../../testing/counters-contract.ts'

const single = await testRedis()
const cluster = await startCluster()
afterAll(async () => {
  await single.stop()
  await cluster.stop()
})

describe.each([
  ['a single server', single.url],
  ['a Cluster', cluster.url],
])('on %s', (_, url) => {
  describe.each(['ring', 'zset'] as const)('as %s', (form) => {
    countersContract({ describe, test }, async () => countersOn(await connectionTo(url), form))
  })
})

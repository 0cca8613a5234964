/** Money on Redis is counted as the pure state of the core counts it. */
import { afterAll, expect, test } from 'vitest'
import { startCluster } from '../servers/cluster.ts'
import { testRedis } from '../servers/redis.ts'
import { connectionTo } from './rig.ts'
import { sameSpend } from './same-spend.ts'

const single = await testRedis()
const cluster = await startCluster()
const onSingle = await connectionTo(single.url)
const onCluster = await connectionTo(cluster.url)
afterAll(async () => {
  await onSingle.close()
  await onCluster.close()
  await single.stop()
  await cluster.stop()
})

/** The same traces each time; the long run (`same-spend.soak.ts`) takes others each time. */
const SEED = 20_261_126

test.each([
  ['ring', 'single', onSingle],
  ['zset', 'single', onSingle],
  ['ring', 'Cluster', onCluster],
  ['zset', 'Cluster', onCluster],
] as const)('holds on Redis are those of memory: %s, %s', async (form, _, connection) => {
  const compared = await sameSpend(connection, form, { seed: SEED, traces: 20, stepsPerTrace: 60 })
  expect(compared, `seed ${SEED}`).toBeGreaterThan(0)
})

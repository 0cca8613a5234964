import { afterAll, expect, test } from 'vitest'
import { startCluster } from '../servers/cluster.ts'
import { testRedis } from '../servers/redis.ts'
import { connectionTo } from './rig.ts'
import { sameAnswers } from './same-answers.ts'

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

/** The same trace each time; the long run (`same-answers.soak.ts`) takes another each time. */
const SEED = 20_261_126

test.each([
  ['ring', 'single', onSingle],
  ['zset', 'single', onSingle],
  ['ring', 'Cluster', onCluster],
  ['zset', 'Cluster', onCluster],
] as const)('Redis answers as memory does: %s, %s', async (form, _, connection) => {
  const compared = await sameAnswers(connection, form, {
    seed: SEED,
    traces: 25,
    stepsPerTrace: 80,
  })
  expect(compared, `seed ${SEED}`).toBeGreaterThan(0)
})

/** 100,000 steps on each form: see same-answers.ts. */
import { afterAll, expect, test } from 'vitest'
import { testRedis } from '../servers/redis.ts'
import { connectionTo } from './rig.ts'
import { sameAnswers } from './same-answers.ts'

const server = await testRedis()
const connection = await connectionTo(server.url)
afterAll(async () => {
  await connection.close()
  await server.stop()
})

test.each(['ring', 'zset'] as const)(
  '100,000 answers of the %s are those of memory',
  async (form) => {
    const seed = Number(process.env['LOCKGATE_SEED'] ?? Date.now() % 2 ** 31)
    const compared = await sameAnswers(connection, form, { seed, traces: 400, stepsPerTrace: 250 })
    expect(compared, `seed ${seed}`).toBe(100_000)
  },
)

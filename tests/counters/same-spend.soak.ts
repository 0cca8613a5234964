/** Some 100,000 answers on each form: see same-spend.ts. */
import { afterAll, expect, test } from 'vitest'
import { testRedis } from '../servers/redis.ts'
import { connectionTo } from './rig.ts'
import { sameSpend } from './same-spend.ts'

const server = await testRedis()
const connection = await connectionTo(server.url)
afterAll(async () => {
  await connection.close()
  await server.stop()
})

test.each(['ring', 'zset'] as const)(
  '100,000 answers about money, of the %s, are those of memory',
  async (form) => {
    const seed = Number(process.env['LOCKGATE_SEED'] ?? Date.now() % 2 ** 31)
    const compared = await sameSpend(connection, form, { seed, traces: 500, stepsPerTrace: 100 })
    expect(compared, `seed ${seed}`).toBe(100_000)
  },
)

import { afterAll, expect, test } from 'vitest'
import { connectionTo, countersOn } from '../../../tests/counters/rig.ts'
import { startRedis } from '../../../tests/servers/redis.ts'
import { CountersUnavailableError } from '../../core/errors.ts'
import { unavailable } from './failure.ts'

const server = await startRedis()
afterAll(() => server.stop())

const limits = [
  { name: 'minute', quota: 5, windowMs: 60_000, algorithm: 'sliding-window' },
] as const
const request = (subject: string) => ({ charges: [{ subject, limits, cost: 1 }] })

test.each(['ring', 'zset'] as const)(
  'a key that somebody else wrote fails its own requests only: %s',
  async (form) => {
    const connection = await connectionTo(server.url)
    const { counters, prefix } = countersOn(connection, form)
    const name = `${prefix}:{7Hq2mZ9x}k7Hq2mZ9x:${form === 'ring' ? 'r' : 'z'}`
    await connection.send('HSET', [name, 'not', 'ours'], name)
    const both = await Promise.allSettled([
      counters.consume(request('k7Hq2mZ9x')),
      counters.consume(request('k7Hq2mZ9y')),
    ])
    const [foreign, other] = both
    expect(other).toMatchObject({ status: 'fulfilled', value: { kind: 'admitted' } })
    expect(foreign).toMatchObject({ status: 'rejected' })
    if (foreign.status === 'rejected') {
      expect(foreign.reason).not.toBeInstanceOf(CountersUnavailableError)
    }
    await counters.close()
  },
)

test('a server without memory is told from one that is slow or gone', async () => {
  const connection = await connectionTo(server.url)
  const { counters } = countersOn(connection, 'ring')
  await connection.send('CONFIG', ['SET', 'maxmemory', 1], '')
  const refused = counters.consume(request('k7Hq2mZ9x'))
  await expect(refused).rejects.toMatchObject({ reason: 'out_of_memory' })
  await connection.send('CONFIG', ['SET', 'maxmemory', 0], '')
  expect(await counters.consume(request('k7Hq2mZ9x'))).toMatchObject({ kind: 'admitted' })
  await counters.close()
  await expect(counters.consume(request('k7Hq2mZ9x'))).rejects.toMatchObject({
    reason: 'unreachable',
  })
})

test.each([
  ['READONLY You can not write against a read only replica.', 'read_only'],
  ['LOADING Redis is loading the dataset in memory', 'loading'],
  ['CLUSTERDOWN Hash slot not served', 'cluster_down'],
  ['MISCONF Redis is configured to save RDB snapshots', 'read_only'],
  ['BUSY Redis is busy running a script', 'too_slow'],
  ['ERR unknown command', 'server_error'],
  ['Connection is closed.', 'unreachable'],
  ['connect ECONNREFUSED 127.0.0.1:6379', 'unreachable'],
] as const)('"%s" is %s', (message, reason) => {
  expect(unavailable(new Error(message)).reason).toBe(reason)
})

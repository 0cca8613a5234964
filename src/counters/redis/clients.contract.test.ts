/** The clients that are documented choices beside ioredis keep the contract, too. */
import { once } from 'node:events'
import { Redis as Valkey } from 'iovalkey'
import { createClient } from 'redis'
import { afterAll, describe, test } from 'vitest'
import { countersOn } from '../../../tests/counters/rig.ts'
import { testRedis } from '../../../tests/servers/redis.ts'
import { countersContract } from '../../testing/counters-contract.ts'
import { fromIoredis, fromNodeRedis } from './index.ts'

const server = await testRedis()
afterAll(() => server.stop())

describe('node-redis', () => {
  countersContract({ describe, test }, async () => {
    const client = createClient({ url: server.url, disableOfflineQueue: true })
    await client.connect()
    return countersOn(fromNodeRedis(client), 'ring')
  })
})

describe('iovalkey', () => {
  countersContract({ describe, test }, async () => {
    const client = new Valkey(server.url, {
      ...{ enableOfflineQueue: false, autoResendUnfulfilledCommands: false },
      maxRetriesPerRequest: 0,
    })
    await once(client, 'ready')
    return countersOn(fromIoredis(client), 'ring')
  })
})

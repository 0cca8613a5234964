/** What `sentinel.ts` promises, to a client that knows the sentinels only. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from './child.ts'
import { ask, role } from './redis-node.ts'
import { type SentinelSet, startSentinel } from './sentinel.ts'

let set: SentinelSet
beforeAll(async () => {
  set = await startSentinel()
})
afterAll(() => set.stop())

test('its sentinels lead a client to the master', async () => {
  const [, hosts = '', name = ''] = /^redis\+sentinel:\/\/(.*)\/(.*)$/.exec(set.url) ?? []
  const sentinels = hosts.split(',').map((host) => ({
    host: host.split(':')[0] ?? '',
    port: Number(host.split(':')[1]),
  }))
  expect(sentinels).toHaveLength(3)
  const client = new Redis({ sentinels, name })
  expect(await client.set('a', '1')).toBe('OK')
  client.disconnect()
  expect(await ask(await set.masterPort(), 'GET', 'a')).toBe('1')
})

test('a killed master is replaced, and comes back as a replica', async () => {
  const before = await set.masterPort()
  await set.killMaster()
  await expect(ask(before, 'PING')).rejects.toThrow()
  await until('another is master', async () => (await set.masterPort()) !== before)
  await set.restartDead()
  const after = await set.masterPort()
  expect((await role(before)).slice(0, 4)).toEqual(['slave', '127.0.0.1', after, 'connected'])
  expect(await ask(before, 'GET', 'a')).toBe('1')
})

test('a failover makes another the master', async () => {
  const before = await set.masterPort()
  await set.failover()
  const after = await set.masterPort()
  expect(after).not.toBe(before)
  expect((await role(after))[0]).toBe('master')
})

test('a paused master is replaced, and becomes a replica when it is resumed', async () => {
  const before = await set.masterPort()
  await set.pauseMaster()
  await until('another is master', async () => (await set.masterPort()) !== before)
  set.resumeMaster()
  expect(await ask(before, 'PING')).toBe('PONG')
  await set.restartDead()
  expect((await role(before))[0]).toBe('slave')
})

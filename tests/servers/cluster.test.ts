/** What `cluster.ts` promises, to a client of the whole Cluster. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cluster, startCluster } from './cluster.ts'
import { ask, role } from './redis-node.ts'

let cluster: Cluster
beforeAll(async () => {
  cluster = await startCluster()
})
afterAll(() => cluster.stop())

const firstPort = async (): Promise<number> => (await cluster.masters())[0]?.port ?? 0

test('three masters serve all slots to a client', async () => {
  const slots = (await cluster.masters()).flatMap((master) => master.slots)
  expect(slots).toEqual([
    [0, 5461],
    [5462, 10922],
    [10923, 16383],
  ])
  const urls = cluster.url.split(',')
  expect(urls).toHaveLength(6)
  const client = new Redis.Cluster(urls)
  for (const key of ['a', 'b', 'c', 'd']) expect(await client.set(key, '1')).toBe('OK')
  client.disconnect()
})

test('a killed master is replaced, and comes back as a replica', async () => {
  const before = await firstPort()
  await cluster.killMaster()
  await expect(ask(before, 'PING')).rejects.toThrow()
  await cluster.restartDead()
  const after = await firstPort()
  expect((await role(before)).slice(0, 4)).toEqual(['slave', '127.0.0.1', after, 'connected'])
})

test('failovers in a row change the master each time', async () => {
  const first = await firstPort()
  await cluster.failoverMaster()
  const second = await firstPort()
  await cluster.failoverMaster()
  expect(second).not.toBe(first)
  expect(await firstPort()).toBe(first)
})

/** What somebody learns who reads what goes to Redis, and what somebody can do who writes there. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Gate, lockgate } from '../../src/index.ts'
import { connectionTo } from '../counters/rig.ts'
import { type FaultProxy, startFaultProxy } from '../servers/fault-proxy.ts'
import { type RedisServer, startRedis } from '../servers/redis.ts'
import { ask } from '../servers/redis-node.ts'
import { QUICK_HASH } from './observed-gate.ts'

const OWNER = 'ada@example.com'
const silent = { debug() {}, info() {}, warn() {}, error() {} }

let server: RedisServer
let proxy: FaultProxy
const folder = mkdtempSync(join(tmpdir(), 'lockgate-redis-data-'))
let gate: Gate
let other: Gate
let sent = ''
beforeAll(async () => {
  server = await startRedis()
  proxy = await startFaultProxy(server.port)
  proxy.cutWhen((chunk, from) => {
    if (from === 'client') sent += chunk.toString('latin1')
    return 'pass'
  })
  gate = await open()
  other = await open()
})
afterAll(async () => {
  await gate.close()
  await other.close()
  await proxy.stop()
  await server.stop()
  rmSync(folder, { recursive: true })
})

/** Instances of one database and one Redis. */
async function open(): Promise<Gate> {
  const databaseUrl = `sqlite:${join(folder, 'lockgate.db')}`
  const redis = await connectionTo(`redis://127.0.0.1:${proxy.port}`)
  return lockgate({ config: { databaseUrl, keys: QUICK_HASH }, redis, log: silent })
}

const check = (presentedKey: string, by = gate) =>
  by.check({ presentedKey, address: '203.0.113.7', requestId: 'req_1', scope: 'read' })

test('nothing that goes to Redis holds a key, its secret, a hash or an owner', async () => {
  const { key, record } = await gate.keys.issue({ owner: OWNER })
  expect(await check(key)).toMatchObject({ allowed: true })
  await gate.keys.revoke(record.keyId)
  expect(await check(key)).toMatchObject({ allowed: false })
  expect(sent).toContain(record.keyId)
  const fingerprint = createHash('sha256').update(key)
  const secret = key.slice(key.lastIndexOf('_') + 1)
  const never = [key, secret.slice(0, 16), record.secretHash, OWNER, fingerprint.digest('hex')]
  expect(never.filter((text) => sent.includes(text))).toEqual([])
})

test.each([
  ['is emptied', ['FLUSHALL']],
  ['is told an older version', ['SET', 'lockgate:{KEY_ID}:v', '1']],
])('a revoked key stays revoked when Redis %s', async (_, [command = '', ...args]) => {
  const { key, record } = await gate.keys.issue({ owner: OWNER })
  expect(await check(key, other)).toMatchObject({ allowed: true })
  await gate.keys.revoke(record.keyId)
  await ask(server.port, command, ...args.map((arg) => arg.replace('KEY_ID', record.keyId)))
  expect(await check(key, other)).toMatchObject({ allowed: false, code: 'invalid_key' })
})

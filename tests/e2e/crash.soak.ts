import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lockgate } from '../../src/index.ts'
import { putUnderLoad } from './revocation.ts'
import { type Serving, serve } from './serving.ts'

const CRASHES = 100
let serving: Serving
beforeAll(async () => {
  serving = await serve({ ip: false })
})
afterAll(() => serving.stop())

test(`kill -9 of a busy server, ${CRASHES} times, loses no acknowledged key or lifecycle row`, async () => {
  const acknowledged = new Set<string>()
  let slowestStartMs = 0
  for (let crash = 0; crash < CRASHES; crash++) {
    const { key, key_id: keyId } = await serving.createKey()
    acknowledged.add(keyId)
    const load = putUnderLoad(serving, key)
    const revoked = crash % 2 === 0 ? serving.cli('keys', 'revoke', keyId) : Promise.resolve('')
    await sleep(Math.random() * 400)
    await serving.kill()
    await load.stop().catch(() => undefined)
    await revoked
    const beganAt = performance.now()
    await serving.start()
    slowestStartMs = Math.max(slowestStartMs, performance.now() - beganAt)
    const { status } = await fetch(serving.url, { headers: { authorization: `Bearer ${key}` } })
    expect(status === 401).toBe(crash % 2 === 0)
  }
  expect(await serving.cli('audit', 'verify')).toBeTruthy()
  const gate = await lockgate({ config: { databaseUrl: `sqlite:${serving.folder}/lockgate.db` } })
  const kept = await gate.keys.list({ pageSize: 1000 })
  const created = await gate.audit.tail({ event: 'key.created', pageSize: 10_000 })
  await gate.close()
  const keptIds = new Set(kept.map(({ keyId }) => keyId))
  const createdIds = new Set(created.map(({ row }) => row.keyId))
  for (const keyId of acknowledged) {
    expect(keptIds).toContain(keyId)
    expect(createdIds).toContain(keyId)
  }
  console.log(`slowest start after a crash: ${Math.round(slowestStartMs)} ms`)
  expect(slowestStartMs).toBeLessThan(1000)
}, 1_200_000)

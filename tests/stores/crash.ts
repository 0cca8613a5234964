/**
 * Kills a writer at a random moment and checks the database as the next process finds it: it opens
 * within a second, each acknowledged change is there with its audit row, and the chain is intact.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditEvent } from '../../src/core/audit.ts'
import { openSqliteStore } from '../../src/stores/sqlite/index.ts'
import { verifiedRows } from '../../src/testing/store-contract/samples.ts'
import type { Acknowledged } from './sqlite-writer.ts'
import { WriterProcess } from './writer-process.ts'

const EVENT_OF: Partial<Record<Acknowledged['did'], AuditEvent>> = {
  created: 'key.created',
  revoked: 'key.revoked',
  appended: 'limit.exceeded',
}

const [SETTLED, HELD] = ['7 spent, 0 held', '0 spent, 100 held']

/** Returns how many changes were acknowledged before the kill, all of which were found. */
export async function crashOnce(path: string, name: string): Promise<number> {
  const writer = new WriterProcess(path, name)
  await writer.hasAcknowledged(1)
  await sleep(Math.random() * 60)
  await writer.kill()

  const startedMs = performance.now()
  const store = await openSqliteStore({ path })
  assert.ok(performance.now() - startedMs < 1000, 'opens within a second')
  const logged = new Set((await verifiedRows(store)).map((row) => `${row.event} ${row.keyId}`))
  for (const { did, keyId } of writer.acknowledged) {
    const event = EVENT_OF[did]
    if (event === undefined) continue
    assert.ok(logged.has(`${event} ${keyId}`), `${did} ${keyId} is in the audit log`)
    const key = await store.findKey(keyId)
    assert.ok(key !== undefined, `${keyId} is there`)
    if (did === 'revoked') assert.equal(key.status, 'revoked')
  }
  await assertKeysMatchLog(store, logged, name)
  await assertMoneyIsThere(store, writer.acknowledged)
  await store.close()
  return writer.acknowledged.length
}

/** A change and its audit row are one: neither is there without the other. */
async function assertKeysMatchLog(
  store: Awaited<ReturnType<typeof openSqliteStore>>,
  logged: ReadonlySet<string>,
  name: string,
): Promise<void> {
  const created = [...logged].filter((line) => line.startsWith(`key.created ${name}`))
  for (const line of created) {
    const keyId = line.slice('key.created '.length)
    const key = await store.findKey(keyId)
    assert.equal(key?.status === 'revoked', logged.has(`key.revoked ${keyId}`))
  }
}

/** A call that was opened is held in full until it is settled, and then it is in the sums. */
async function assertMoneyIsThere(
  store: Awaited<ReturnType<typeof openSqliteStore>>,
  acknowledged: readonly Acknowledged[],
): Promise<void> {
  const settled = new Set<string>()
  for (const { did, keyId } of acknowledged) if (did === 'settled') settled.add(keyId)
  for (const { did, keyId } of acknowledged) {
    if (did !== 'held') continue
    const { total, reservedMicroUsd } = await store.reportSpend({ keyId })
    const found = `${total.microUsd} spent, ${reservedMicroUsd} held`
    const legal = settled.has(keyId) ? [SETTLED] : [SETTLED, HELD]
    assert.ok(legal.includes(found), `call of ${keyId}: ${found}`)
  }
}

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

const EVENT_OF: Record<Exclude<Acknowledged['did'], 'opened'>, AuditEvent> = {
  created: 'key.created',
  revoked: 'key.revoked',
  appended: 'limit.exceeded',
}

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
    if (did === 'opened') continue
    assert.ok(logged.has(`${EVENT_OF[did]} ${keyId}`), `${did} ${keyId} is in the audit log`)
    const key = await store.findKey(keyId)
    assert.ok(key !== undefined, `${keyId} is there`)
    if (did === 'revoked') assert.equal(key.status, 'revoked')
  }
  await assertKeysMatchLog(store, logged, name)
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

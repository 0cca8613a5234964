/** What a store promises about a request that is sent again: it makes one key, not two. */
import assert from 'node:assert/strict'
import type { Idempotency, NewKey, Store } from '../../core/ports/store.ts'
import type { StoreTests } from '../store-contract.ts'
import {
  eventsOf,
  HOSTILE_TEXTS,
  IMPOSSIBLE_ENTRY,
  insert,
  rejectsWith,
  START_MS,
  sampleEntry,
  sampleKey,
} from './samples.ts'

const DAY_MS = 86_400_000
const REQUEST: Idempotency = { key: 'request-1', digest: 'one key for ada' }

function request(
  store: Store,
  keyId: string,
  idempotency = REQUEST,
  overrides: Partial<NewKey> = {},
) {
  const entry = sampleEntry('key.created', { keyId })
  return store.insertKey(sampleKey(keyId, overrides), entry, idempotency)
}

export function idempotencyContract({ test, durableTest }: StoreTests): void {
  test('the same request again makes nothing and resolves to the first key', async (store) => {
    const first = await request(store, 'Request1')
    assert.equal(first.keyId, 'Request1')
    assert.deepEqual(await request(store, 'Request2'), first)
    assert.deepEqual(await request(store, 'Request3'), first)
    assert.equal(await store.findKey('Request2'), undefined)
    assert.deepEqual(await eventsOf(store), ['key.created'])
  })

  test('the key resolves as it is now, revoked for one', async (store) => {
    await request(store, 'Request1')
    const revoke = { kind: 'revoke', atMs: START_MS } as const
    const revoked = await store.changeKey('Request1', revoke, sampleEntry('key.revoked'))
    assert.deepEqual(await request(store, 'Request2'), revoked)
  })

  test('another request with the same idempotency key is refused', async (store) => {
    await request(store, 'Request1')
    const other = { ...REQUEST, digest: 'a key for grace' }
    await rejectsWith('idempotency_conflict', request(store, 'Request2', other))
    assert.equal(await store.findKey('Request2'), undefined)
    assert.deepEqual(await eventsOf(store), ['key.created'])
  })

  test('of many equal requests at once one makes a key', async (store) => {
    const attempts = Array.from({ length: 10 }, (_, index) => request(store, `Request${index}`))
    const keyIds = new Set((await Promise.all(attempts)).map(({ keyId }) => keyId))
    assert.equal(keyIds.size, 1)
    assert.deepEqual(await eventsOf(store), ['key.created'])
  })

  test('a request that failed may be sent again', async (store) => {
    await insert(store, 'TakenKey')
    await rejectsWith('conflict', request(store, 'TakenKey'))
    await assert.rejects(store.insertKey(sampleKey('Request1'), IMPOSSIBLE_ENTRY, REQUEST))
    assert.equal((await request(store, 'Request2')).keyId, 'Request2')
  })

  test('an idempotency key is forgotten after 24 hours', async (store) => {
    const made = (ms: number) => ({ createdAtMs: START_MS + ms })
    await request(store, 'Request1', REQUEST, made(0))
    const last = await request(store, 'Request2', REQUEST, made(DAY_MS - 1))
    assert.equal(last.keyId, 'Request1')
    const other = { ...REQUEST, digest: 'a key for grace' }
    const next = await request(store, 'Request3', other, made(DAY_MS))
    assert.equal(next.keyId, 'Request3')
  })

  test('hostile idempotency keys are told apart', async (store) => {
    for (const [index, text] of HOSTILE_TEXTS.entries()) {
      const asked = { key: text, digest: text }
      assert.equal((await request(store, `First${index}`, asked)).keyId, `First${index}`)
      assert.equal((await request(store, `Again${index}`, asked)).keyId, `First${index}`)
    }
  })

  durableTest('a restart and another process remember the request', async (store, under) => {
    await request(store, 'Request1')
    const again = await under.reopen()
    try {
      assert.equal((await request(again, 'Request2')).keyId, 'Request1')
    } finally {
      await again.close()
    }
  })
}

/** What a store promises about single keys: written whole or not at all, read back as written. */
import assert from 'node:assert/strict'
import type { NewKey } from '../../core/ports/store.ts'
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

const FULL: NewKey = sampleKey('FullKey1', {
  owner: { email: 'grace@example.org', externalId: 'cust_42' },
  name: 'batch jobs',
  tier: 'paid',
  scopes: ['read', 'write', 'chat:write'],
  mode: 'test',
  expiresAtMs: START_MS + 86_400_000,
  limitOverrides: [
    {
      name: 'minute',
      quota: 90,
      windowMs: 60_000,
      algorithm: 'sliding-window',
      burst: { extraQuota: 18, durationMs: 10_000 },
    },
    { name: 'day', quota: 5, windowMs: 86_400_000, algorithm: 'fixed-window' },
  ],
  allowedAddresses: ['192.0.2.0/24', '2001:db8::/32'],
  rotatedFrom: 'OldKey01',
})

export function keyContract({ test }: StoreTests): void {
  test('a new key is active, has version 1 and reads back as written', async (store) => {
    for (const key of [FULL, sampleKey('MinKey01')]) {
      const expected = { ...key, version: 1, status: 'active', revokedAtMs: null }
      const entry = sampleEntry('key.created', { keyId: key.keyId })
      assert.deepEqual(await store.insertKey(key, entry), expected)
      assert.deepEqual(await store.findKey(key.keyId), expected)
    }
    assert.deepEqual(await eventsOf(store), ['key.created', 'key.created'])
  })

  test('an unknown key_id finds nothing, and key_ids are told apart by case', async (store) => {
    await insert(store, 'abcdefgh')
    assert.equal(await store.findKey('ABCDEFGH'), undefined)
    assert.equal(await store.findKey(''), undefined)
  })

  test('a key_id that is taken is a conflict and changes nothing', async (store) => {
    const first = await insert(store, 'TakenKey')
    await rejectsWith('conflict', insert(store, 'TakenKey', { tier: 'paid' }))
    assert.deepEqual(await store.findKey('TakenKey'), first)
    assert.deepEqual(await eventsOf(store), ['key.created'])
  })

  test('of many inserts of one key_id at once exactly one succeeds', async (store) => {
    const attempts = Array.from({ length: 20 }, () => insert(store, 'RaceKey1'))
    const settled = await Promise.allSettled(attempts)
    assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.deepEqual(await eventsOf(store), ['key.created'])
  })

  test('a key whose audit entry is refused is not written', async (store) => {
    await assert.rejects(store.insertKey(sampleKey('NoAudit1'), IMPOSSIBLE_ENTRY))
    assert.equal(await store.findKey('NoAudit1'), undefined)
    assert.deepEqual(await store.listKeys({ pageSize: 10 }), [])
  })

  test('an owner is known by e-mail address, whatever its case', async (store) => {
    const owner = (email: string, externalId: string | null) => ({ owner: { email, externalId } })
    const first = await insert(store, 'OwnerKy1', owner('Ada@Example.ORG', 'cust_1'))
    assert.deepEqual(first.owner, { email: 'ada@example.org', externalId: 'cust_1' })
    const second = await insert(store, 'OwnerKy2', owner('ADA@example.org', null))
    assert.deepEqual(second.owner, first.owner)
    await insert(store, 'OwnerKy3', owner('ada@example.org', 'cust_2'))
    assert.equal((await store.findKey('OwnerKy1'))?.owner.externalId, 'cust_2')
    const found = await store.listKeys({ ownerEmail: 'aDa@example.org', pageSize: 10 })
    assert.equal(found.length, 3)
  })

  test('hostile text in any field is kept as it is', async (store) => {
    for (const [index, text] of HOSTILE_TEXTS.entries()) {
      const key = sampleKey(`id${text}`, {
        owner: { email: `${index}${text.toLowerCase()}`, externalId: text },
        name: text,
        tier: text,
        scopes: [text, text],
        secretHash: text,
        limitOverrides: [{ name: text, quota: 1, windowMs: 1, algorithm: 'token-bucket' }],
        allowedAddresses: [text],
        rotatedFrom: text,
      })
      const entry = sampleEntry('key.created', { keyId: key.keyId })
      const expected = { ...key, version: 1, status: 'active', revokedAtMs: null }
      assert.deepEqual(await store.insertKey(key, entry), expected)
      assert.deepEqual(await store.findKey(key.keyId), expected)
      const { email } = key.owner
      assert.deepEqual(await store.listKeys({ ownerEmail: email, pageSize: 9 }), [expected])
      assert.deepEqual(await store.listKeys({ tier: text, pageSize: 9 }), [expected])
    }
    assert.equal((await store.listKeys({ pageSize: 100 })).length, HOSTILE_TEXTS.length)
  })
}

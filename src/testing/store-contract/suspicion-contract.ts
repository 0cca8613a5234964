/** What a store promises about suspicions: raised once in a while, and undone by whoever keeps the key. */
import assert from 'node:assert/strict'
import type { StoreTests } from '../store-contract.ts'
import { addToken, DAY_MS, keepBy, leakOf, suspicionOf } from './leak-samples.ts'
import {
  eventsOf,
  IMPOSSIBLE_ENTRY,
  insert,
  rejectsWith,
  START_MS,
  sampleEntry,
} from './samples.ts'

export function suspicionContract(tests: StoreTests): void {
  raisingContract(tests)
  keepingContract(tests)
}

function raisingContract({ test }: StoreTests): void {
  test('a suspicion opens a link and queues its mail, and leaves the key as it is', async (store) => {
    const key = await insert(store, 'Strange1')
    const raised = await store.raiseSuspicion('Strange1', suspicionOf('Strange1', 'link1'))
    assert.deepEqual(raised, { key, isNew: true })
    assert.equal((await store.listLinks({ pageSize: 9 })).length, 1)
    assert.equal((await store.mailQueue()).waiting, 1)
    assert.deepEqual(await eventsOf(store), ['key.created', 'key.suspicious'])
  })

  test('a suspicion that suspends disables the key', async (store) => {
    const key = await insert(store, 'Strange1')
    const response = suspicionOf('Strange1', 'link1', { suspend: true })
    const raised = await store.raiseSuspicion('Strange1', response)
    const disabled = { ...key, status: 'disabled', version: 2 }
    assert.deepEqual(raised, { key: disabled, isNew: true })
    assert.deepEqual(await eventsOf(store), ['key.created', 'key.suspicious', 'key.disabled'])
  })

  test('a second suspicion waits for the end of the quiet time', async (store) => {
    const key = await insert(store, 'Strange1')
    await store.raiseSuspicion('Strange1', suspicionOf('Strange1', 'link1'))
    const raise = (linkId: string, atMs: number) =>
      store.raiseSuspicion('Strange1', suspicionOf('Strange1', linkId, { atMs }))
    assert.deepEqual(await raise('link2', START_MS + DAY_MS - 1), { key, isNew: false })
    assert.deepEqual(await raise('link3', START_MS + DAY_MS), { key, isNew: true })
    assert.equal((await store.listLinks({ pageSize: 9 })).length, 2)
    assert.equal((await store.mailQueue()).waiting, 2)
  })

  test('the quiet time also follows a suspicion that was settled', async (store) => {
    await insert(store, 'Strange1')
    await store.raiseSuspicion('Strange1', suspicionOf('Strange1', 'link1'))
    await addToken(store, 'link1', 'token1')
    await keepBy(store, 'token1', 'Strange1')
    const soon = suspicionOf('Strange1', 'link2', { atMs: START_MS + 1 })
    assert.equal((await store.raiseSuspicion('Strange1', soon)).isNew, false)
  })

  test('of many suspicions at once one is raised', async (store) => {
    await insert(store, 'Strange1')
    const raised = Array.from({ length: 10 }, (_, index) =>
      store.raiseSuspicion('Strange1', suspicionOf('Strange1', `link${index}`)),
    )
    const isNew = (await Promise.all(raised)).filter((result) => result.isNew)
    assert.equal(isNew.length, 1)
    assert.deepEqual(await eventsOf(store), ['key.created', 'key.suspicious'])
  })

  test('keys that have ended raise no suspicion, unknown ones are not_found', async (store) => {
    await insert(store, 'Expired1', { expiresAtMs: START_MS })
    await insert(store, 'Revoked1')
    const revoke = { kind: 'revoke', atMs: START_MS } as const
    await store.changeKey('Revoked1', revoke, sampleEntry('key.revoked'))
    for (const keyId of ['Expired1', 'Revoked1']) {
      const raised = await store.raiseSuspicion(keyId, suspicionOf(keyId, `link${keyId}`))
      assert.equal(raised.isNew, false)
    }
    await rejectsWith('not_found', store.raiseSuspicion('Unknown1', suspicionOf('Unknown1', 'l')))
    assert.equal((await store.mailQueue()).waiting, 0)
    assert.deepEqual(await store.listLinks({ pageSize: 9 }), [])
  })

  test('a suspicion whose audit entry is refused does not happen', async (store) => {
    const key = await insert(store, 'Strange1')
    const broken = { suspend: true, disabled: IMPOSSIBLE_ENTRY }
    const raised = store.raiseSuspicion('Strange1', suspicionOf('Strange1', 'link1', broken))
    await assert.rejects(raised)
    assert.deepEqual(await store.findKey('Strange1'), key)
    assert.equal((await store.mailQueue()).waiting, 0)
  })
}

function keepingContract({ test }: StoreTests): void {
  const suspended = { suspend: true }

  test('keeping a key enables it if the suspicion disabled it', async (store) => {
    const key = await insert(store, 'Strange1')
    await store.raiseSuspicion('Strange1', suspicionOf('Strange1', 'link1', suspended))
    await addToken(store, 'link1', 'token1')
    const kept = await keepBy(store, 'token1', 'Strange1', START_MS + 3)
    assert.deepEqual(kept, { key: { ...key, version: 3 }, replacement: null })
    const { link } = (await store.findLink('token1')) ?? assert.fail('no link')
    assert.deepEqual([link.closedAtMs, link.replacementKeyId], [START_MS + 3, null])
    await rejectsWith('link_expired', keepBy(store, 'token1', 'Strange1'))
    assert.deepEqual((await eventsOf(store)).slice(-2), ['key.kept', 'key.enabled'])
  })

  test('keeping a key leaves it disabled if somebody else disabled it', async (store) => {
    const disable = (keyId: string) =>
      store.changeKey(keyId, { kind: 'disable' }, sampleEntry('key.disabled', { keyId }))
    await insert(store, 'Before01')
    await disable('Before01')
    await store.raiseSuspicion('Before01', suspicionOf('Before01', 'link1', suspended))
    await insert(store, 'After001')
    await store.raiseSuspicion('After001', suspicionOf('After001', 'link2', suspended))
    await store.changeKey('After001', { kind: 'enable' }, sampleEntry('key.enabled'))
    await disable('After001')
    for (const [linkId, keyId] of [
      ['link1', 'Before01'],
      ['link2', 'After001'],
    ] as const) {
      await addToken(store, linkId, `token of ${linkId}`)
      const { key } = await keepBy(store, `token of ${linkId}`, keyId)
      assert.equal(key.status, 'disabled')
    }
    assert.equal((await eventsOf(store)).filter((event) => event === 'key.enabled').length, 1)
  })

  test('any of several suspicions keeps a key that the first one disabled', async (store) => {
    await insert(store, 'Strange1')
    await store.raiseSuspicion('Strange1', suspicionOf('Strange1', 'link1', suspended))
    const atMs = START_MS + 2 * DAY_MS
    await store.raiseSuspicion('Strange1', suspicionOf('Strange1', 'link2', { atMs }))
    await addToken(store, 'link1', 'token1', atMs)
    await addToken(store, 'link2', 'token2', atMs)
    assert.equal((await keepBy(store, 'token2', 'Strange1', atMs)).key.status, 'active')
    await rejectsWith('link_expired', keepBy(store, 'token1', 'Strange1', atMs))
  })

  test('a leaked or revoked key cannot be kept, and its link stays open', async (store) => {
    await insert(store, 'LeakedKy')
    await store.raiseSuspicion('LeakedKy', suspicionOf('LeakedKy', 'link1'))
    await store.reportLeak('LeakedKy', leakOf('LeakedKy', 'link2'))
    for (const linkId of ['link1', 'link2']) {
      await addToken(store, linkId, `token of ${linkId}`)
      await rejectsWith('conflict', keepBy(store, `token of ${linkId}`, 'LeakedKy'))
      assert.equal((await store.findLink(`token of ${linkId}`))?.link.closedAtMs, null)
    }
    assert.equal((await store.findKey('LeakedKy'))?.status, 'revoked')
  })
}

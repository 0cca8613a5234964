/** What a store promises about leaks: a report revokes, opens a link and queues mails, or does nothing. */
import assert from 'node:assert/strict'
import type { Store } from '../../core/ports/store.ts'
import type { StoreTests } from '../store-contract.ts'
import { addToken, leakOf, replaceBy, sampleMail } from './leak-samples.ts'
import {
  eventsOf,
  IMPOSSIBLE_ENTRY,
  insert,
  rejectsWith,
  START_MS,
  sampleEntry,
} from './samples.ts'

const linksIn = async (store: Store) =>
  (await store.listLinks({ pageSize: 100 })).map(({ link }) => link)

const mailsIn = async (store: Store) =>
  (await store.listMail({ pageSize: 100 })).map(({ name }) => name)

export function leakContract({ test, durableTest }: StoreTests): void {
  test('a report revokes the key, opens its link and queues its mails', async (store) => {
    const key = await insert(store, 'LeakedKy')
    const reported = await store.reportLeak('LeakedKy', leakOf('LeakedKy', 'link1', START_MS + 5))
    const revoked = { ...key, status: 'revoked', version: 2, revokedAtMs: START_MS + 5 }
    assert.deepEqual(reported, { key: revoked, effect: 'revoked' })
    assert.deepEqual(await store.findKey('LeakedKy'), revoked)
    const open = { closedAtMs: null, replacementKeyId: null, suspendedVersion: null }
    const { link } = leakOf('LeakedKy', 'link1', START_MS + 5)
    assert.deepEqual(await linksIn(store), [{ ...link, ...open }])
    assert.deepEqual(await mailsIn(store), ['leaked-LeakedKy'])
    assert.deepEqual(await eventsOf(store), ['key.created', 'key.leaked', 'key.revoked'])
  })

  test('a second report changes nothing, also after the key was replaced', async (store) => {
    await insert(store, 'LeakedKy')
    const { key } = await store.reportLeak('LeakedKy', leakOf('LeakedKy', 'link1'))
    const again = await store.reportLeak('LeakedKy', leakOf('LeakedKy', 'link2', START_MS + 9))
    assert.deepEqual(again, { key, effect: 'none' })
    await addToken(store, 'link1', 'token1')
    await replaceBy(store, 'token1', ['LeakedKy', 'Replace1'])
    const late = await store.reportLeak('LeakedKy', leakOf('LeakedKy', 'link3', START_MS + 9))
    assert.equal(late.effect, 'none')
    assert.equal((await linksIn(store)).length, 1)
    assert.deepEqual(await mailsIn(store), ['leaked-LeakedKy'])
    assert.equal((await eventsOf(store)).filter((event) => event === 'key.leaked').length, 1)
  })

  test('of many reports at once one counts', async (store) => {
    await insert(store, 'LeakedKy')
    const reports = Array.from({ length: 10 }, (_, index) =>
      store.reportLeak('LeakedKy', leakOf('LeakedKy', `link${index}`)),
    )
    const effects = (await Promise.all(reports)).map(({ effect }) => effect)
    assert.deepEqual(effects.sort(), [...Array(9).fill('none'), 'revoked'])
    assert.deepEqual(await eventsOf(store), ['key.created', 'key.leaked', 'key.revoked'])
  })

  test('a leak of a revoked key is noted once, without a link that opens, or a mail', async (store) => {
    await insert(store, 'LeakedKy')
    const revoke = { kind: 'revoke', atMs: START_MS } as const
    const key = await store.changeKey('LeakedKy', revoke, sampleEntry('key.revoked'))
    const report = () => store.reportLeak('LeakedKy', leakOf('LeakedKy', 'link1'))
    assert.deepEqual(await report(), { key, effect: 'noted' })
    assert.deepEqual(await report(), { key, effect: 'none' })
    assert.deepEqual(await mailsIn(store), [])
    await rejectsWith('link_expired', addToken(store, 'link1', 'token1'))
    assert.deepEqual(await eventsOf(store), ['key.created', 'key.revoked', 'key.leaked'])
  })

  test('disabled and expired keys are revoked by a report too', async (store) => {
    await insert(store, 'Disabled')
    await store.changeKey('Disabled', { kind: 'disable' }, sampleEntry('key.disabled'))
    await insert(store, 'Expired1', { expiresAtMs: START_MS - 1 })
    for (const keyId of ['Disabled', 'Expired1']) {
      const { key, effect } = await store.reportLeak(keyId, leakOf(keyId, `link${keyId}`))
      assert.deepEqual([key.status, effect], ['revoked', 'revoked'])
    }
  })

  test('a report of an unknown key is not_found and leaves nothing', async (store) => {
    await rejectsWith('not_found', store.reportLeak('Unknown1', leakOf('Unknown1', 'link1')))
    assert.deepEqual(await linksIn(store), [])
    assert.deepEqual(await mailsIn(store), [])
    assert.deepEqual(await eventsOf(store), [])
  })

  test('a report whose audit entry is refused does not happen', async (store) => {
    const key = await insert(store, 'LeakedKy')
    const response = { ...leakOf('LeakedKy', 'link1'), revoked: IMPOSSIBLE_ENTRY }
    await assert.rejects(store.reportLeak('LeakedKy', response))
    assert.deepEqual(await store.findKey('LeakedKy'), key)
    assert.deepEqual([await linksIn(store), await mailsIn(store)], [[], []])
    assert.deepEqual(await eventsOf(store), ['key.created'])
  })

  test('a mail whose name was used before is not sent again by a report', async (store) => {
    await insert(store, 'LeakedKy')
    await store.enqueueMail([sampleMail('leaked-LeakedKy', { to: 'first@example.org' })])
    const { effect } = await store.reportLeak('LeakedKy', leakOf('LeakedKy', 'link1'))
    assert.equal(effect, 'revoked')
    const mails = await store.listMail({ pageSize: 9 })
    assert.deepEqual(
      mails.map(({ to }) => to),
      ['first@example.org'],
    )
  })

  durableTest('a report outlives the store', async (store, under) => {
    await insert(store, 'LeakedKy')
    await store.reportLeak('LeakedKy', leakOf('LeakedKy', 'link1'))
    await store.close()
    const again = await under.reopen()
    try {
      assert.equal((await again.findKey('LeakedKy'))?.status, 'revoked')
      assert.equal((await linksIn(again)).length, 1)
      assert.equal((await again.mailQueue()).waiting, 1)
    } finally {
      await again.close()
    }
  })
}

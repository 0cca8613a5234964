/** What a store promises about links: tokens open them for a time, and one click closes them. */
import assert from 'node:assert/strict'
import type { Store } from '../../core/ports/store.ts'
import type { StoreTests } from '../store-contract.ts'
import { addToken, DAY_MS, keepBy, leakOf, replaceBy, suspicionOf } from './leak-samples.ts'
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

/** A leaked key with an open link, `link1`, and one token, `token1`. */
async function leak(store: Store, keyId = 'LeakedKy'): Promise<void> {
  await insert(store, keyId)
  await store.reportLeak(keyId, leakOf(keyId, 'link1'))
  await addToken(store, 'link1', 'token1')
}

export function linkContract(tests: StoreTests): void {
  tokenContract(tests)
  replacementContract(tests)
}

function tokenContract({ test }: StoreTests): void {
  test('a token leads to its link and its key, and nothing else does', async (store) => {
    await leak(store)
    const found = await store.findLink('token1')
    const { link } = leakOf('LeakedKy', 'link1')
    assert.deepEqual(found, {
      link: { ...link, closedAtMs: null, replacementKeyId: null },
      key: await store.findKey('LeakedKy'),
      tokenExpiresAtMs: START_MS + DAY_MS,
    })
    for (const text of ['token', 'token2', 'link1', '%', ...HOSTILE_TEXTS]) {
      assert.equal(await store.findLink(text), undefined)
    }
  })

  test('each token opens its link until its own time is over', async (store) => {
    await leak(store)
    await addToken(store, 'link1', 'token2', START_MS + DAY_MS)
    assert.equal((await store.findLink('token2'))?.tokenExpiresAtMs, START_MS + 2 * DAY_MS)
    const atMs = START_MS + DAY_MS
    await rejectsWith('link_expired', replaceBy(store, 'token1', ['LeakedKy', 'New1'], { atMs }))
    const { replacement } = await replaceBy(store, 'token2', ['LeakedKy', 'New2'], { atMs })
    assert.equal(replacement?.keyId, 'New2')
  })

  test('an expired token is recognised for weeks and forgotten after 30 days', async (store) => {
    await leak(store)
    await addToken(store, 'link1', 'token2', START_MS + 29 * DAY_MS)
    assert.equal((await store.findLink('token1'))?.link.closedAtMs, null)
    await addToken(store, 'link1', 'token3', START_MS + 30 * DAY_MS)
    assert.equal(await store.findLink('token1'), undefined)
    assert.notEqual(await store.findLink('token2'), undefined)
  })

  test('a token for no link is not_found, one for a closed link is link_expired', async (store) => {
    await leak(store)
    await rejectsWith('not_found', addToken(store, 'link2', 'token2'))
    await replaceBy(store, 'token1', ['LeakedKy', 'Replace1'])
    await rejectsWith('link_expired', addToken(store, 'link1', 'token2'))
    assert.equal(await store.findLink('token2'), undefined)
  })
}

function replacementContract({ test }: StoreTests): void {
  test('a click makes the new key and closes the link for all of its tokens', async (store) => {
    await leak(store)
    await addToken(store, 'link1', 'token2')
    const atMs = START_MS + 7
    const closed = await replaceBy(store, 'token1', ['LeakedKy', 'Replace1'], { atMs })
    assert.deepEqual(closed.key, await store.findKey('LeakedKy'))
    assert.deepEqual(closed.replacement, await store.findKey('Replace1'))
    assert.equal(closed.replacement?.rotatedFrom, 'LeakedKy')
    for (const token of ['token1', 'token2']) {
      const { link } = (await store.findLink(token)) ?? assert.fail('no link')
      assert.deepEqual([link.closedAtMs, link.replacementKeyId], [atMs, 'Replace1'])
      await rejectsWith('link_expired', replaceBy(store, token, ['LeakedKy', 'Replace2']))
    }
    assert.equal(await store.findKey('Replace2'), undefined)
    const events = ['key.created', 'key.leaked', 'key.revoked', 'key.created', 'key.replaced']
    assert.deepEqual(await eventsOf(store), events)
  })

  test('of many clicks at once one makes a key', async (store) => {
    await leak(store)
    const clicks = Array.from({ length: 10 }, (_, index) =>
      replaceBy(store, 'token1', ['LeakedKy', `Replace${index}`]),
    )
    const results = await Promise.allSettled(clicks)
    const lost = results.filter(({ status }) => status === 'rejected')
    assert.equal(lost.length, 9)
    for (const result of lost) {
      assert.ok(result.status === 'rejected' && result.reason.code === 'link_expired')
    }
    assert.equal((await store.listKeys({ pageSize: 20 })).length, 2)
    assert.equal((await eventsOf(store)).filter((event) => event === 'key.replaced').length, 1)
  })

  test('a suspicious key that is replaced is revoked, and its other links close', async (store) => {
    await insert(store, 'Strange1')
    await store.raiseSuspicion('Strange1', suspicionOf('Strange1', 'link1'))
    const later = { atMs: START_MS + 2 * DAY_MS }
    await store.raiseSuspicion('Strange1', suspicionOf('Strange1', 'link2', later))
    await addToken(store, 'link1', 'token1', later.atMs)
    await addToken(store, 'link2', 'token2', later.atMs)
    const { key } = await replaceBy(store, 'token1', ['Strange1', 'Replace1'], later)
    assert.deepEqual([key.status, key.revokedAtMs], ['revoked', later.atMs])
    await rejectsWith('link_expired', keepBy(store, 'token2', 'Strange1', later.atMs))
    await rejectsWith('link_expired', replaceBy(store, 'token2', ['Strange1', 'Replace2'], later))
    const events = (await eventsOf(store)).slice(-3)
    assert.deepEqual(events, ['key.revoked', 'key.created', 'key.replaced'])
  })

  test('a click that fails leaves the link open', async (store) => {
    await leak(store)
    await insert(store, 'TakenKey')
    await rejectsWith('conflict', replaceBy(store, 'token1', ['LeakedKy', 'TakenKey']))
    const revoked = sampleEntry('key.revoked')
    const [replacement, audit] = [sampleKey('Replace1'), [IMPOSSIBLE_ENTRY]]
    const refused = { kind: 'replace', replacement, revoked, audit } as const
    await assert.rejects(store.closeLink('token1', START_MS, refused))
    assert.equal(await store.findKey('Replace1'), undefined)
    assert.equal((await store.findLink('token1'))?.link.closedAtMs, null)
    await replaceBy(store, 'token1', ['LeakedKy', 'Replace1'])
  })

  test('an unknown token closes nothing', async (store) => {
    await leak(store)
    await rejectsWith('link_expired', replaceBy(store, 'token2', ['LeakedKy', 'Replace1']))
    await rejectsWith('link_expired', keepBy(store, '', 'LeakedKy'))
    assert.equal((await store.findLink('token1'))?.link.closedAtMs, null)
  })
}

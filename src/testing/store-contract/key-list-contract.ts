/** What a store promises about lists: newest first, pages that neither repeat nor skip. */
import assert from 'node:assert/strict'
import type { KeyQuery, Store } from '../../core/ports/store.ts'
import type { StoreTests } from '../store-contract.ts'
import { insert, rejectsWith, START_MS, sampleEntry, sampleKey } from './samples.ts'

async function idsOf(store: Store, query: KeyQuery): Promise<string[]> {
  return (await store.listKeys(query)).map((key) => key.keyId)
}

/** Ten keys; those of one second share a creation time. */
async function insertTen(store: Store): Promise<void> {
  for (const index of [3, 1, 4, 0, 5, 9, 2, 6, 8, 7]) {
    await insert(store, `ListKey${index}`, {
      createdAtMs: START_MS + Math.floor(index / 4) * 1000,
      tier: index % 2 === 0 ? 'free' : 'paid',
      owner: { email: `owner${index % 3}@example.org`, externalId: null },
    })
  }
}

const NEWEST_FIRST = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((index) => `ListKey${index}`)

export function keyListContract({ test }: StoreTests): void {
  test('keys are listed by creation time, newest first, then by key_id', async (store) => {
    assert.deepEqual(await idsOf(store, { pageSize: 10 }), [])
    await insertTen(store)
    assert.deepEqual(await idsOf(store, { pageSize: 1000 }), NEWEST_FIRST)
  })

  test('pages of any size together hold each key once', async (store) => {
    await insertTen(store)
    for (const pageSize of [1, 2, 3, 4, 7, 10, 11]) {
      const ids: string[] = []
      // Bounded, so that a cursor that stands still fails instead of going on for ever.
      for (let pages = 0; pages <= NEWEST_FIRST.length; pages++) {
        const after = ids.at(-1)
        const page = await idsOf(store, after === undefined ? { pageSize } : { pageSize, after })
        if (page.length === 0) break
        assert.ok(page.length <= pageSize)
        ids.push(...page)
      }
      assert.deepEqual(ids, NEWEST_FIRST)
    }
  })

  test('a key made between two pages does not disturb them', async (store) => {
    await insertTen(store)
    const first = await idsOf(store, { pageSize: 4 })
    await insert(store, 'ListKeyX', { createdAtMs: START_MS + 60_000 })
    const second = await idsOf(store, { pageSize: 4, after: first[3] ?? '' })
    assert.deepEqual([...first, ...second], NEWEST_FIRST.slice(0, 8))
  })

  test('filters narrow the list, alone, together and across pages', async (store) => {
    await insertTen(store)
    await store.changeKey('ListKey6', { kind: 'disable' }, sampleEntry('key.disabled'))
    const ids = (...indexes: number[]) => indexes.map((index) => `ListKey${index}`)
    const pageSize = 10
    assert.deepEqual(await idsOf(store, { tier: 'paid', pageSize }), ids(9, 7, 5, 3, 1))
    const ownerEmail = 'owner0@example.org'
    assert.deepEqual(await idsOf(store, { ownerEmail, pageSize }), ids(9, 6, 3, 0))
    assert.deepEqual(await idsOf(store, { ownerEmail, tier: 'free', pageSize }), ids(6, 0))
    assert.deepEqual(await idsOf(store, { status: 'disabled', pageSize }), ids(6))
    assert.deepEqual(await idsOf(store, { status: 'revoked', pageSize }), [])
    const rest = { ownerEmail, status: 'active', after: 'ListKey9', pageSize } as const
    assert.deepEqual(await idsOf(store, rest), ids(3, 0))
    assert.deepEqual(await idsOf(store, { ownerEmail: 'nobody@example.org', pageSize }), [])
  })

  test('keys are found by when they expire', async (store) => {
    await insert(store, 'Forever1', { createdAtMs: START_MS + 3 })
    for (const [index, expiresAtMs] of [START_MS + 10, START_MS + 20].entries()) {
      await insert(store, `Expires${index}`, { expiresAtMs, createdAtMs: START_MS + index })
    }
    const ids = (query: Partial<KeyQuery>) => idsOf(store, { ...query, pageSize: 9 })
    assert.deepEqual(await ids({ expiresUntilMs: START_MS + 20 }), ['Expires1', 'Expires0'])
    assert.deepEqual(await ids({ expiresUntilMs: START_MS + 19 }), ['Expires0'])
    assert.deepEqual(await ids({ expiresAfterMs: START_MS + 10 }), ['Forever1', 'Expires1'])
    assert.deepEqual(await ids({ expiresAfterMs: START_MS + 20 }), ['Forever1'])
    const between = { expiresAfterMs: START_MS + 10, expiresUntilMs: START_MS + 20 }
    assert.deepEqual(await ids(between), ['Expires1'])
    assert.deepEqual(await ids({ ...between, tier: 'paid' }), [])
  })

  test('keys are found by when they were last used', async (store) => {
    await insert(store, 'Unused01', { createdAtMs: START_MS + 3 })
    for (const [index, lastUsedAtMs] of [START_MS + 10, START_MS + 20].entries()) {
      const keyId = `UsedKey${index}`
      await insert(store, keyId, { createdAtMs: START_MS + index })
      const use = { keyId, hourStartMs: 0, requests: 1, lastUsedAtMs, networks: [] }
      await store.saveActivity([use])
    }
    const ids = (query: Partial<KeyQuery>) => idsOf(store, { ...query, pageSize: 9 })
    assert.deepEqual(await ids({ usedSinceMs: START_MS + 10 }), ['UsedKey1', 'UsedKey0'])
    assert.deepEqual(await ids({ usedSinceMs: START_MS + 11 }), ['UsedKey1'])
    assert.deepEqual(await ids({ unusedSinceMs: START_MS + 11 }), ['Unused01', 'UsedKey0'])
    assert.deepEqual(await ids({ unusedSinceMs: START_MS + 10 }), ['Unused01'])
    const between = { usedSinceMs: START_MS + 10, unusedSinceMs: START_MS + 20 }
    assert.deepEqual(await ids(between), ['UsedKey0'])
    assert.deepEqual(await ids({ unusedSinceMs: START_MS + 99, after: 'Unused01' }), [
      'UsedKey1',
      'UsedKey0',
    ])
  })

  test('keys that were rotated can be told from those that were not', async (store) => {
    await insertTen(store)
    const replacement = sampleKey('ListKeyR', {
      createdAtMs: START_MS + 60_000,
      rotatedFrom: 'ListKey4',
    })
    await store.rotateKey('ListKey4', replacement, START_MS + 120_000, [
      sampleEntry('key.created', { keyId: 'ListKeyR' }),
      sampleEntry('key.rotated', { keyId: 'ListKey4' }),
    ])
    const pageSize = 20
    assert.deepEqual(await idsOf(store, { isRotated: true, pageSize }), ['ListKey4'])
    const others = ['ListKeyR', ...NEWEST_FIRST.filter((id) => id !== 'ListKey4')]
    assert.deepEqual(await idsOf(store, { isRotated: false, pageSize }), others)
    const paid = others.filter((id) => /[13579]$/.test(id))
    assert.deepEqual(await idsOf(store, { isRotated: false, tier: 'paid', pageSize }), paid)
  })

  test('an unknown cursor and an impossible page size are invalid_parameter', async (store) => {
    await insertTen(store)
    await rejectsWith('invalid_parameter', store.listKeys({ pageSize: 1, after: 'Unknown1' }))
    for (const pageSize of [0, -1, 1001, 1.5, Number.NaN]) {
      await rejectsWith('invalid_parameter', store.listKeys({ pageSize }))
    }
  })
}

/** What a store promises about usage: what was saved and has not expired comes back, in order. */
import assert from 'node:assert/strict'
import type { UsageDelta } from '../../core/ports/counters.ts'
import type { Store } from '../../core/ports/store.ts'
import type { StoreTests } from '../store-contract.ts'
import { HOSTILE_TEXTS, START_MS } from './samples.ts'

const DAY_MS = 86_400_000

const admitted = (subject: string, ...admissionsMs: number[]): UsageDelta => ({
  subject,
  admissionsMs,
  expiresAtMs: (admissionsMs.at(-1) ?? START_MS) + DAY_MS,
  meters: {},
})

const metered = (subject: string, meters: UsageDelta['meters']): UsageDelta => ({
  ...admitted(subject),
  meters,
})

/** All admissions of a subject in the order in which they were loaded. */
async function admissionsOf(store: Store, subject: string, nowMs = START_MS): Promise<number[]> {
  const usage = await store.loadUsage(nowMs)
  return usage.filter((delta) => delta.subject === subject).flatMap((delta) => delta.admissionsMs)
}

async function metersOf(store: Store, subject: string, nowMs = START_MS) {
  const usage = await store.loadUsage(nowMs)
  const deltas = usage.filter((delta) => delta.subject === subject)
  return Object.assign({}, ...deltas.map((delta) => delta.meters))
}

export function usageContract({ test, durableTest }: StoreTests): void {
  test('admissions are added to those saved before, oldest first', async (store) => {
    assert.deepEqual(await store.loadUsage(START_MS), [])
    await store.saveUsage([admitted('ka', START_MS, START_MS, START_MS + 7)], START_MS)
    await store.saveUsage([admitted('kb', START_MS + 8), admitted('ka', START_MS + 9)], START_MS)
    const expected = [START_MS, START_MS, START_MS + 7, START_MS + 9]
    assert.deepEqual(await admissionsOf(store, 'ka'), expected)
    assert.deepEqual(await admissionsOf(store, 'kb'), [START_MS + 8])
  })

  test('many admissions with long gaps are kept to the ms', async (store) => {
    const timesMs = Array.from({ length: 2000 }, (_, n) => START_MS + n * n * 1000 + (n % 3))
    await store.saveUsage([admitted('ka', ...timesMs)], START_MS)
    assert.deepEqual(await admissionsOf(store, 'ka'), timesMs)
  })

  test('usage counts until it expires and not at that ms', async (store) => {
    await store.saveUsage([admitted('ka', START_MS)], START_MS)
    const endMs = START_MS + DAY_MS
    assert.deepEqual(await admissionsOf(store, 'ka', endMs - 1), [START_MS])
    assert.deepEqual(await admissionsOf(store, 'ka', endMs), [])
    await store.saveUsage([], endMs)
    assert.deepEqual(await store.loadUsage(START_MS), [], 'saving prunes what has expired')
  })

  test('the state of a limit replaces what was saved of it, and only of it', async (store) => {
    await store.saveUsage([metered('ka', { minute: [1, 2.5], day: [3] })], START_MS)
    await store.saveUsage([metered('ka', { minute: [4] }), metered('kb', { day: [5] })], START_MS)
    await store.saveUsage([admitted('ka', START_MS)], START_MS)
    assert.deepEqual(await metersOf(store, 'ka'), { minute: [4], day: [3] })
    assert.deepEqual(await metersOf(store, 'kb'), { day: [5] })
    assert.deepEqual(await metersOf(store, 'ka', START_MS + DAY_MS), {})
  })

  test('state is kept to the bit', async (store) => {
    const state = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 1 / 3, 2 ** 53 - 1, 0]
    await store.saveUsage([metered('ka', { minute: state, none: [] })], START_MS)
    assert.deepEqual(await metersOf(store, 'ka'), { minute: state, none: [] })
  })

  test('hostile subjects and names of limits are kept apart', async (store) => {
    const usage = HOSTILE_TEXTS.map((text, index) => ({
      ...admitted(text, START_MS + index),
      meters: { [text]: [index] },
    }))
    await store.saveUsage(usage, START_MS)
    for (const [index, text] of HOSTILE_TEXTS.entries()) {
      assert.deepEqual(await admissionsOf(store, text), [START_MS + index])
      assert.deepEqual(await metersOf(store, text), { [text]: [index] })
    }
  })

  durableTest('usage is there after the store is opened again', async (store, underTest) => {
    await store.saveUsage([{ ...admitted('ka', START_MS), meters: { minute: [1] } }], START_MS)
    await store.close()
    const again = await underTest.reopen()
    try {
      assert.deepEqual(await admissionsOf(again, 'ka'), [START_MS])
      assert.deepEqual(await metersOf(again, 'ka'), { minute: [1] })
    } finally {
      await again.close()
    }
  })
}

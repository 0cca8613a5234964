import { beforeEach, describe, expect, test } from 'vitest'
import type { KeyRecord } from '../core/key/key-record.ts'
import { createTestClock, type TestClock } from '../testing/test-clock.ts'
import type { Freshness } from './freshness.ts'
import { KeyCache } from './key-cache.ts'

const KEY_ID = '7Hq2mZ9x'

const recordOf = (version: number, more: Partial<KeyRecord> = {}): KeyRecord => ({
  ...{ keyId: KEY_ID, secretHash: '$argon2id$', owner: { email: 'a@b.c', externalId: null } },
  ...{ name: null, tier: 'free', scopes: ['read'], mode: 'live', status: 'active', version },
  ...{ createdAtMs: 0, expiresAtMs: null, revokedAtMs: null, rotatedFrom: null },
  ...{ limitOverrides: [], allowedAddresses: [], ...more },
})

let clock: TestClock
let generation: number
let freshness: { storeAnswers: boolean; answeredAtMs: number; generation(): number }
/** Queries wait here for their answer. */
let queries: PromiseWithResolvers<KeyRecord | undefined>[]
let failures: unknown[]
let cache: KeyCache
beforeEach(() => {
  clock = createTestClock()
  generation = 0
  freshness = {
    storeAnswers: true,
    answeredAtMs: clock.monotonicMs(),
    generation: () => generation,
  }
  queries = []
  failures = []
  const findKey = () => {
    const query = Promise.withResolvers<KeyRecord | undefined>()
    queries.push(query)
    return query.promise
  }
  cache = new KeyCache({
    ...{ store: { findKey }, freshness: freshness as Freshness, clock, tiers: new Map() },
    onStoreFailure: (error) => failures.push(error),
  })
})

async function load(answer: KeyRecord | undefined) {
  const asked = queries.length
  const lookup = cache.load(KEY_ID)
  queries[asked]?.resolve(answer)
  return lookup
}

const versionOf = (found: Awaited<ReturnType<typeof cache.load>> | undefined) =>
  typeof found === 'object' ? found.record.version : found

describe('a cached key', () => {
  test('is fresh until something changed, and again once it was loaded since', async () => {
    await load(recordOf(1))
    expect(versionOf(cache.fresh(KEY_ID))).toBe(1)
    generation++
    expect(cache.fresh(KEY_ID)).toBeUndefined()
    expect(versionOf(cache.lastKnown(KEY_ID))).toBe(1)
    await load(recordOf(1))
    expect(versionOf(cache.fresh(KEY_ID))).toBe(1)
  })

  test('is not fresh while the store does not answer', async () => {
    await load(recordOf(1))
    freshness.storeAnswers = false
    expect(cache.fresh(KEY_ID)).toBeUndefined()
  })

  test('that was invalidated is asked for again, past a query that runs', async () => {
    await load(recordOf(1))
    generation++
    const running = cache.load(KEY_ID)
    cache.invalidate(KEY_ID)
    const next = cache.load(KEY_ID)
    expect(queries).toHaveLength(3)
    queries[2]?.resolve(recordOf(2))
    expect(versionOf(await next)).toBe(2)
    queries[1]?.resolve(recordOf(1))
    expect(versionOf(await running)).toBe(2)
    cache.invalidate(KEY_ID)
    expect(cache.fresh(KEY_ID)).toBeUndefined()
  })

  test('is never replaced by an older version', async () => {
    cache.put(recordOf(3))
    expect(versionOf(await load(recordOf(2)))).toBe(3)
    expect(versionOf(cache.fresh(KEY_ID))).toBe(3)
  })

  test('loaded by a query that began before a change is not fresh after it', async () => {
    const lookup = cache.load(KEY_ID)
    generation++
    queries[0]?.resolve(recordOf(1))
    await lookup
    expect(cache.fresh(KEY_ID)).toBeUndefined()
  })

  test('stays fresh when such a query ends after one that began later', async () => {
    const early = cache.load(KEY_ID)
    generation++
    await load(recordOf(1))
    queries[0]?.resolve(recordOf(1))
    await early
    expect(versionOf(cache.fresh(KEY_ID))).toBe(1)
  })
})

describe('a query', () => {
  test('serves all who ask while it runs, and nobody who asks after a change', async () => {
    const lookups = Array.from({ length: 100 }, () => cache.load(KEY_ID))
    expect(queries).toHaveLength(1)
    generation++
    const later = cache.load(KEY_ID)
    expect(queries).toHaveLength(2)
    queries[0]?.resolve(recordOf(1))
    queries[1]?.resolve(recordOf(2))
    expect((await Promise.all(lookups)).every((found) => typeof found === 'object')).toBe(true)
    expect(versionOf(await later)).toBe(2)
  })
})

describe('an unknown key_id', () => {
  test('is remembered for two seconds', async () => {
    expect(await load(undefined)).toBe('unknown')
    clock.advance(1_999)
    expect(await load(undefined)).toBe('unknown')
    expect(queries).toHaveLength(1)
    clock.advance(1)
    expect(versionOf(await load(recordOf(1)))).toBe(1)
    expect(queries).toHaveLength(2)
  })

  test('is asked for again once something changed, or once it was put', async () => {
    await load(undefined)
    generation++
    expect(versionOf(await load(recordOf(1)))).toBe(1)
    const other = recordOf(1, { keyId: 'aaaaaaaa' })
    const lookup = cache.load('aaaaaaaa')
    queries.at(-1)?.resolve(undefined)
    await lookup
    cache.put(other)
    const again = cache.load('aaaaaaaa')
    queries.at(-1)?.resolve(other)
    expect(versionOf(await again)).toBe(1)
  })
})

describe('when the store fails', () => {
  async function failingLoad() {
    const asked = queries.length
    const lookup = cache.load(KEY_ID)
    queries[asked]?.reject(new Error('it is down'))
    return lookup
  }

  test('that is reported, and a key that was never seen is unavailable', async () => {
    expect(await failingLoad()).toBe('unavailable')
    expect(failures).toEqual([new Error('it is down')])
  })

  test('a key serves for 60 s from when the store last answered that nothing changed', async () => {
    await load(recordOf(1))
    clock.advance(300_000)
    freshness.answeredAtMs = clock.monotonicMs()
    clock.advance(60_000)
    expect(versionOf(await failingLoad())).toBe(1)
    clock.advance(1)
    expect(await failingLoad()).toBe('unavailable')
  })

  test('a key that may have changed serves for 60 s from when it was last loaded', async () => {
    await load(recordOf(1))
    clock.advance(30_000)
    await load(recordOf(1))
    clock.advance(60_000)
    generation++
    freshness.answeredAtMs = clock.monotonicMs()
    expect(versionOf(await failingLoad())).toBe(1)
    clock.advance(1)
    expect(await failingLoad()).toBe('unavailable')
  })

  test('the next caller asks again', async () => {
    await failingLoad()
    expect(versionOf(await load(recordOf(1)))).toBe(1)
  })

  test('a key that is known to have changed is not served as it was', async () => {
    await load(recordOf(1))
    cache.invalidate(KEY_ID)
    expect(await failingLoad()).toBe('unavailable')
    expect(versionOf(await load(recordOf(2)))).toBe(2)
    generation++
    expect(versionOf(await failingLoad())).toBe(2)
  })

  test('few wait for it: beyond 64 queries keys are unavailable, and known ones go on', async () => {
    await load(recordOf(1))
    await failingLoad()
    generation++
    const asked = queries.length
    const waiting = Array.from({ length: 100 }, (_, index) => cache.load(`stranger${index}`))
    expect(queries.length - asked).toBe(64)
    expect(await Promise.all(waiting.slice(64))).toEqual(Array(36).fill('unavailable'))
    expect(versionOf(await cache.load(KEY_ID))).toBe(1)
    for (const query of queries) query.resolve(undefined)
    expect(await Promise.all(waiting.slice(0, 64))).toEqual(Array(64).fill('unknown'))
    expect(versionOf(await load(recordOf(2)))).toBe(2)
  })

  test('a store that no longer answers gathers 1,024 queries before that is known', () => {
    for (let index = 0; index < 2_000; index++) void cache.load(`stranger${index}`)
    expect(queries).toHaveLength(1_024)
  })
})

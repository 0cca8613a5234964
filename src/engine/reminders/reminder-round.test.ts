/** Reminders, on a store with real rows and a clock that the test moves. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AuditEvent } from '../../core/audit.ts'
import type { NewKey, Store } from '../../core/ports/store.ts'
import { openSqliteStore } from '../../stores/sqlite/index.ts'
import { createTestClock, type TestClock } from '../../testing/test-clock.ts'
import { ReminderRound } from './reminder-round.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const OWNER = 'ada@example.com'

let clock: TestClock
let store: Store
let kicks: number
beforeEach(async () => {
  clock = createTestClock()
  store = await openSqliteStore({ path: ':memory:' })
  kicks = 0
})
afterEach(() => store.close())

const newRound = (more: { remindersMs?: readonly number[]; operatorCopy?: string } = {}) =>
  new ReminderRound({
    ...{ store, clock, remindersMs: [14 * DAY_MS, 3 * DAY_MS, DAY_MS], operatorCopy: null },
    kick: () => void kicks++,
    ...more,
  })

const entry = (event: AuditEvent, keyId: string) => ({
  ...{ atMs: clock.wallMs(), event, keyId, actor: 'test', address: null },
  ...{ requestId: null, details: {}, count: 1 },
})

function keyFor(keyId: string, lifetimeMs: number | null): NewKey {
  const createdAtMs = clock.wallMs()
  return {
    ...{ keyId, owner: { email: OWNER, externalId: null }, name: 'CI', tier: 'free' },
    ...{ scopes: ['read'], mode: 'live', secretHash: '$argon2id$x', createdAtMs },
    expiresAtMs: lifetimeMs === null ? null : createdAtMs + lifetimeMs,
    ...{ limitOverrides: [], allowedAddresses: [], rotatedFrom: null },
  }
}

async function makeKey(keyId: string, lifetimeMs: number | null): Promise<void> {
  await store.insertKey(keyFor(keyId, lifetimeMs), entry('key.created', keyId))
}

const claim = (count = 1000) =>
  store.claimMail({ nowMs: clock.wallMs(), leaseMs: 365 * DAY_MS, count })

const namesOf = async () => (await claim()).map(({ name }) => name)

test('an owner gets one mail 14, 3 and 1 days ahead, from however many instances', async () => {
  await makeKey('aaaaaaaa', 20 * DAY_MS)
  const expiresAtMs = clock.wallMs() + 20 * DAY_MS
  const rounds = [newRound(), newRound()]
  const seen: string[] = []
  for (let hour = 0; hour <= 21 * 24; hour++) {
    await Promise.all(rounds.map((round) => round.run()))
    const daysLeft = (20 * 24 - hour) / 24
    for (const name of await namesOf()) seen.push(`${daysLeft}: ${name}`)
    clock.advance(HOUR_MS)
  }
  expect(seen).toEqual([
    `14: expiring-aaaaaaaa-14d-${expiresAtMs}`,
    `3: expiring-aaaaaaaa-3d-${expiresAtMs}`,
    `1: expiring-aaaaaaaa-1d-${expiresAtMs}`,
  ])
  expect(kicks).toBe(3)
})

test('the mail says when, and has no link', async () => {
  await makeKey('aaaaaaaa', 20 * DAY_MS)
  clock.advance(17 * DAY_MS + HOUR_MS)
  await newRound({ operatorCopy: 'ops@example.com' }).run()
  const mails = await claim()
  expect(mails).toHaveLength(2)
  expect(mails.find(({ audience }) => audience === 'owner')).toMatchObject({
    ...{ kind: 'key.expiring', to: OWNER, keyId: 'aaaaaaaa', linkId: null },
    details: {
      ...{ key_name: 'CI', tier: 'free', mode: 'live', scopes: 'read', days_left: 3 },
      expires_at: new Date(clock.wallMs() + 3 * DAY_MS - HOUR_MS).toISOString(),
    },
  })
  expect(mails.find(({ audience }) => audience === 'operator')?.to).toBe('ops@example.com')
})

test('after a week without anybody to remind there is one mail, of the stage reached by then', async () => {
  await makeKey('aaaaaaaa', 20 * DAY_MS)
  clock.advance(19 * DAY_MS + HOUR_MS)
  await newRound().run()
  expect(await claim()).toMatchObject([{ details: { days_left: 1 } }])
})

test('keys that were rotated, have ended or never end are not reminded; the replacement is', async () => {
  await makeKey('rotated1', 20 * DAY_MS)
  for (const keyId of ['revoked1', 'disabled']) await makeKey(keyId, 20 * DAY_MS)
  await makeKey('forever1', null)
  const atMs = clock.wallMs()
  await store.changeKey('revoked1', { kind: 'revoke', atMs }, entry('key.revoked', 'revoked1'))
  await store.changeKey('disabled', { kind: 'disable' }, entry('key.disabled', 'disabled'))
  const replacement = { ...keyFor('newer111', 20 * DAY_MS), rotatedFrom: 'rotated1' }
  await store.rotateKey('rotated1', replacement, atMs + 15 * DAY_MS, [
    entry('key.created', 'newer111'),
    entry('key.rotated', 'rotated1'),
  ])
  const round = newRound()
  for (let day = 0; day < 20; day++) {
    await round.run()
    clock.advance(DAY_MS)
  }
  const reminded = new Set((await claim()).map(({ keyId }) => keyId))
  expect([...reminded]).toEqual(['newer111'])
})

test('any number of keys is reminded, page by page', async () => {
  for (let index = 0; index < 601; index++) {
    await makeKey(`key${String(index).padStart(5, '0')}`, 20 * DAY_MS)
  }
  clock.advance(10 * DAY_MS)
  await newRound().run()
  expect((await store.mailQueue()).waiting).toBe(601)
})

test('without reminders nobody is asked', async () => {
  await makeKey('aaaaaaaa', 20 * DAY_MS)
  clock.advance(19 * DAY_MS)
  await newRound({ remindersMs: [] }).run()
  expect(await claim()).toEqual([])
})

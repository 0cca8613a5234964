/** What a store promises about mail that waits: taken by one at a time, settled once, unique by name. */
import assert from 'node:assert/strict'
import type { MailResult } from '../../core/mail.ts'
import type { Store } from '../../core/ports/store.ts'
import type { StoreTests } from '../store-contract.ts'
import { DAY_MS, sampleMail } from './leak-samples.ts'
import { HOSTILE_TEXTS, rejectsWith, START_MS } from './samples.ts'

const LEASE_MS = 60_000
const SENT: MailResult = { kind: 'sent', atMs: START_MS }

const claim = (store: Store, nowMs = START_MS, count = 10) =>
  store.claimMail({ nowMs, leaseMs: LEASE_MS, count })

const namesOf = (mails: readonly { readonly name: string }[]) => mails.map(({ name }) => name)

const enqueue = (store: Store, ...names: string[]) =>
  store.enqueueMail(names.map((name, index) => sampleMail(name, { createdAtMs: START_MS + index })))

export function outboxContract(tests: StoreTests): void {
  claimContract(tests)
  settleContract(tests)
  nameContract(tests)
}

function claimContract({ test, durableTest }: StoreTests): void {
  test('mails are taken as they were queued, oldest first, up to a count', async (store) => {
    const mails = HOSTILE_TEXTS.map((text, index) =>
      sampleMail(`m${text}`, {
        ...{ to: text, keyId: text, linkId: text, createdAtMs: START_MS - index },
        ...{ audience: index % 2 === 0 ? 'owner' : 'operator', kind: 'key.expiring' },
        details: { [text]: text, n: 1.5, b: true, z: null },
      }),
    )
    assert.equal(await store.enqueueMail(mails), mails.length)
    const expected = mails.map((mail) => ({ ...mail, attempt: 1 })).reverse()
    assert.deepEqual(await claim(store, START_MS, 3), expected.slice(0, 3))
    assert.deepEqual(await claim(store), expected.slice(3))
    assert.deepEqual(await claim(store), [])
  })

  test('a mail is not taken before it is created or due', async (store) => {
    await enqueue(store, 'mail1')
    assert.deepEqual(await claim(store, START_MS - 1), [])
    assert.equal((await claim(store)).length, 1)
    const dueAtMs = START_MS + 5 * LEASE_MS
    await store.settleMail('mail1', 1, { kind: 'retry', dueAtMs, problem: 'it is busy' })
    assert.deepEqual(await claim(store, dueAtMs - 1), [])
    const [again] = await claim(store, dueAtMs)
    assert.equal(again?.attempt, 2)
  })

  test('nobody else gets a mail while it is taken; then anybody does', async (store) => {
    await enqueue(store, 'mail1')
    await claim(store)
    assert.deepEqual(await claim(store, START_MS + LEASE_MS - 1), [])
    const [again] = await claim(store, START_MS + LEASE_MS)
    assert.deepEqual([again?.name, again?.attempt], ['mail1', 2])
  })

  test('of many who ask at once, each mail goes to one', async (store) => {
    const names = Array.from({ length: 20 }, (_, index) => `mail${index}`)
    await enqueue(store, ...names)
    const nowMs = START_MS + DAY_MS
    const claims = await Promise.all(names.map(() => claim(store, nowMs, 3)))
    assert.deepEqual(namesOf(claims.flat()).sort(), names.sort())
  })

  durableTest('what waits and what is taken outlives the store', async (store, under) => {
    await enqueue(store, 'mail1', 'mail2')
    await claim(store, START_MS, 1)
    await store.close()
    const again = await under.reopen()
    try {
      assert.deepEqual(namesOf(await claim(again, START_MS + 1)), ['mail2'])
      assert.deepEqual(namesOf(await claim(again, START_MS + LEASE_MS)), ['mail1'])
    } finally {
      await again.close()
    }
  })
}

function settleContract({ test }: StoreTests): void {
  test('a mail that was sent or given up is never taken again', async (store) => {
    await enqueue(store, 'mail1', 'mail2', 'mail3')
    await claim(store, START_MS + 2)
    await store.settleMail('mail1', 1, SENT)
    await store.settleMail('mail2', 1, { kind: 'failed', atMs: START_MS, problem: 'no such box' })
    assert.deepEqual(namesOf(await claim(store, START_MS + DAY_MS)), ['mail3'])
    const [one, two, three] = await store.listMail({ pageSize: 9 })
    assert.deepEqual([one?.state, one?.problem, one?.settledAtMs], ['sent', null, START_MS])
    assert.deepEqual(
      [two?.state, two?.problem, two?.settledAtMs],
      ['failed', 'no such box', START_MS],
    )
    assert.deepEqual([three?.state, three?.attempts], ['waiting', 2])
  })

  test('an attempt that is not the newest any more changes nothing', async (store) => {
    await enqueue(store, 'mail1')
    await claim(store)
    await claim(store, START_MS + LEASE_MS)
    await store.settleMail('mail1', 1, SENT)
    assert.equal((await store.mailQueue()).waiting, 1)
    await store.settleMail('mail1', 2, SENT)
    await store.settleMail('mail1', 2, { kind: 'retry', dueAtMs: START_MS, problem: 'late' })
    await store.settleMail('mail1', 2, { kind: 'failed', atMs: START_MS, problem: 'late' })
    await store.settleMail('unknown', 1, SENT)
    assert.deepEqual(await claim(store, START_MS + DAY_MS), [])
    const [mail] = await store.listMail({ pageSize: 9 })
    assert.deepEqual([mail?.state, mail?.problem], ['sent', null])
  })

  test('the queue tells what waits and what failed', async (store) => {
    const empty = { waiting: 0, failed: 0, oldestCreatedAtMs: null }
    assert.deepEqual(await store.mailQueue(), empty)
    await enqueue(store, 'mail1', 'mail2', 'mail3', 'mail4')
    await claim(store, START_MS + 3)
    await store.settleMail('mail1', 1, SENT)
    await store.settleMail('mail2', 1, { kind: 'failed', atMs: START_MS, problem: 'no such box' })
    const oldestCreatedAtMs = START_MS + 2
    assert.deepEqual(await store.mailQueue(), { waiting: 2, failed: 1, oldestCreatedAtMs })
    await store.settleMail('mail3', 1, SENT)
    await store.settleMail('mail4', 1, SENT)
    assert.deepEqual(await store.mailQueue(), { ...empty, failed: 1 })
  })
}

function nameContract({ test }: StoreTests): void {
  test('a name is used once, also within one call and after it was sent', async (store) => {
    assert.equal(await enqueue(store, 'mail1', 'mail1', 'mail2'), 2)
    assert.equal(await enqueue(store, 'mail1'), 0)
    await claim(store, START_MS + 2)
    await store.settleMail('mail1', 1, SENT)
    const aYearLater = sampleMail('mail1', { createdAtMs: START_MS + 399 * DAY_MS })
    assert.equal(await store.enqueueMail([aYearLater]), 0)
    assert.equal(await store.enqueueMail([]), 0)
    assert.deepEqual(namesOf(await store.listMail({ pageSize: 9 })), ['mail1', 'mail2'])
  })

  test('of many equal mails at once one is new', async (store) => {
    const added = await Promise.all(Array.from({ length: 10 }, () => enqueue(store, 'mail1')))
    assert.equal(
      added.reduce((sum, count) => sum + count, 0),
      1,
    )
  })

  test('what was settled 400 days ago is forgotten, what waits is not', async (store) => {
    await enqueue(store, 'mail1', 'mail2')
    await claim(store, START_MS, 1)
    await store.settleMail('mail1', 1, SENT)
    await store.enqueueMail([sampleMail('mail3', { createdAtMs: START_MS + 400 * DAY_MS })])
    assert.deepEqual(namesOf(await store.listMail({ pageSize: 9 })), ['mail2', 'mail3'])
  })

  test('pages of mail hold each once, and an impossible page size is refused', async (store) => {
    await enqueue(store, 'mail3', 'mail1', 'mail2')
    const first = await store.listMail({ pageSize: 2 })
    const rest = await store.listMail({ pageSize: 2, after: 'mail2' })
    assert.deepEqual(namesOf([...first, ...rest]), ['mail1', 'mail2', 'mail3'])
    await rejectsWith('invalid_parameter', store.listMail({ pageSize: 0 }))
    await rejectsWith('invalid_parameter', store.listLinks({ pageSize: 1001 }))
  })
}

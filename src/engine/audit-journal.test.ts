import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AuditEntry } from '../core/audit.ts'
import { createTestClock } from '../testing/test-clock.ts'
import { AuditJournal, type RefusalRecord } from './audit-journal.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

const refusal = (keyId: string | null, address: string, reason: string): RefusalRecord => ({
  ...{ event: 'limit.exceeded', keyId, address, reason, requestId: 'req_1', actor: 'test' },
})

const totalOf = (entries: readonly AuditEntry[]): number =>
  entries.reduce((sum, { count }) => sum + count, 0)

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('the counts that are written add up to what was recorded, however many writes fail', async () => {
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(fc.constant('record'), fc.nat(3), fc.nat(3)) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom('flush', 'fail'), fc.nat(3), fc.nat(3)) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const written: AuditEntry[] = []
      let failing = false
      const journal = new AuditJournal(createTestClock(), async (entries) => {
        if (failing) throw new Error('it is down')
        written.push(...entries.map((entry) => ({ ...entry })))
      })
      let recorded = 0
      for (const [kind, key, address] of steps) {
        failing = kind === 'fail'
        if (kind === 'record') {
          recorded++
          journal.record(refusal(`key${key}`, `10.0.0.${address}`, 'minute'))
        } else await journal.flush().catch(() => undefined)
      }
      failing = false
      await journal.flush()
      expect(totalOf(written)).toBe(recorded)
    }),
    { numRuns: Math.min(RUNS, 5000) },
  )
})

test('repeats of one key, address and limit fold into one entry; another of any is another entry', async () => {
  const written: AuditEntry[] = []
  const journal = new AuditJournal(createTestClock(), async (entries) => {
    written.push(...entries)
  })
  for (let i = 0; i < 1000; i++) journal.record(refusal('a', '10.0.0.1', 'minute'))
  journal.record(refusal('a', '10.0.0.1', 'day'))
  journal.record(refusal('a', '10.0.0.2', 'minute'))
  journal.record(refusal('b', '10.0.0.1', 'minute'))
  await journal.flush()
  expect(written.map(({ count }) => count)).toEqual([1000, 1, 1, 1])
})

test('a flood from ever new addresses takes bounded memory, is written in groups, and keeps its sum', async () => {
  const groups: (readonly AuditEntry[])[] = []
  const journal = new AuditJournal(createTestClock(), async (entries) => {
    groups.push(entries)
  })
  for (let i = 0; i < 100_000; i++) journal.record(refusal(`k${i}`, `address${i}`, 'ip'))
  await journal.flush()
  expect(groups.flat().length).toBeLessThanOrEqual(20_001)
  expect(Math.max(...groups.map((group) => group.length))).toBeLessThanOrEqual(500)
  expect(totalOf(groups.flat())).toBe(100_000)
})

test('an entry holds what was refused, when it was first refused', async () => {
  const written: AuditEntry[] = []
  const clock = createTestClock(5_000)
  const journal = new AuditJournal(clock, async (entries) => {
    written.push(...entries)
  })
  journal.record(refusal('a', '10.0.0.1', 'minute'))
  clock.advance(400)
  journal.record({ ...refusal('a', '10.0.0.1', 'minute'), requestId: 'req_2' })
  journal.record({ ...refusal(null, '10.0.0.1', 'unknown'), event: 'auth.failed' })
  await journal.flush()
  const common = { actor: 'test', address: '10.0.0.1', requestId: 'req_1' }
  const limit = { event: 'limit.exceeded', keyId: 'a', details: { limit: 'minute' } }
  const failure = { event: 'auth.failed', keyId: null, details: { reason: 'unknown' } }
  expect(written).toEqual([
    { ...common, ...limit, atMs: 5_000, count: 2 },
    { ...common, ...failure, atMs: 5_400, count: 1 },
  ])
})

test('in a flood the address is left out first, and the key only after it', async () => {
  const written: AuditEntry[] = []
  const journal = new AuditJournal(createTestClock(), async (entries) => {
    written.push(...entries)
  })
  for (let i = 0; i < 30_000; i++) journal.record(refusal(`k${i}`, `address${i}`, 'ip'))
  await journal.flush()
  expect(written.filter(({ address }) => address !== null)).toHaveLength(10_000)
  expect(written.filter(({ keyId }) => keyId !== null)).toHaveLength(20_000)
})

test('writes do not overlap, and what comes during one is in the next', async () => {
  const sums: number[] = []
  const held: PromiseWithResolvers<void>[] = []
  const journal = new AuditJournal(createTestClock(), async (entries) => {
    const hold = Promise.withResolvers<void>()
    held.push(hold)
    await hold.promise
    sums.push(totalOf(entries))
  })
  journal.record(refusal('a', '10.0.0.1', 'minute'))
  const first = journal.flush()
  await nextTurn()
  for (let i = 0; i < 2; i++) journal.record(refusal('a', '10.0.0.1', 'minute'))
  const second = journal.flush()
  await nextTurn()
  expect(held).toHaveLength(1)
  held[0]?.resolve()
  await first
  await nextTurn()
  held[1]?.resolve()
  await second
  expect(sums).toEqual([1, 2])
})

test('what a failed write held is written with what came meanwhile', async () => {
  const written: AuditEntry[] = []
  const hold = Promise.withResolvers<void>()
  let failing = true
  const journal = new AuditJournal(createTestClock(), async (entries) => {
    if (failing) await hold.promise
    written.push(...entries)
  })
  for (const reason of ['minute', 'day']) journal.record(refusal('a', '10.0.0.1', reason))
  const failed = journal.flush()
  await nextTurn()
  for (const reason of ['minute', 'burst']) journal.record(refusal('a', '10.0.0.1', reason))
  hold.reject(new Error('the disk is full'))
  await expect(failed).rejects.toThrow('the disk is full')
  failing = false
  await journal.flush()
  const counts = written.map(({ details, count }) => [details['limit'], count])
  expect(counts).toEqual([
    ['minute', 2],
    ['day', 1],
    ['burst', 1],
  ])
})

test('an entry that was added stands by itself, is kept while writes fail, and is bounded', async () => {
  const written: AuditEntry[] = []
  let failing = true
  const journal = new AuditJournal(createTestClock(), async (entries) => {
    if (failing) throw new Error('it is down')
    written.push(...entries)
  })
  const entry: AuditEntry = {
    ...{ atMs: 1, event: 'outage.began', keyId: null, actor: 'test', address: null },
    ...{ requestId: null, details: { reason: 'unreachable' }, count: 1 },
  }
  journal.add(entry)
  await expect(journal.flush()).rejects.toThrow('it is down')
  journal.add({ ...entry, atMs: 2 })
  failing = false
  await journal.flush()
  expect(written).toEqual([entry, { ...entry, atMs: 2 }])
  written.length = 0
  for (let index = 0; index < 30_000; index++) journal.add(entry)
  await journal.flush()
  expect(written).toHaveLength(20_001)
  expect(totalOf(written)).toBe(30_000)
})

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

import { beforeEach, expect, test } from 'vitest'
import type { Limit } from '../../core/limits/limit.ts'
import { createTestClock, type TestClock } from '../../testing/test-clock.ts'
import { UsageJournal } from './usage-journal.ts'

const limit: Limit = { name: 'minute', quota: 5, windowMs: 60_000, algorithm: 'sliding-window' }
const limits = Object.freeze([limit])

let clock: TestClock
let journal: UsageJournal
beforeEach(() => {
  clock = createTestClock()
  journal = new UsageJournal(clock)
})
const add = (subject: string, units: number, kind: readonly Limit[] = limits): void =>
  journal.add(subject, kind, units, clock.monotonicMs())
const takeAll = () => journal.usageOf(journal.take().batch)

test('hands out each unit with its age and the limits that all instances share, once', () => {
  add('k1', 2)
  clock.advance(500)
  add('k1', 1)
  clock.advance(100)
  expect(takeAll()).toEqual([{ subject: 'k1', limits, agesMs: [600, 600, 100] }])
  expect(journal.isEmpty).toBe(true)
})

test('forgets what is given back, and what no limit looks at any more', () => {
  const atMs = clock.monotonicMs()
  add('k1', 3)
  clock.advance(10)
  add('k1', 1)
  journal.giveBack('k1', 2, atMs)
  clock.advance(59_995)
  expect(takeAll()).toEqual([{ subject: 'k1', limits, agesMs: [59_995] }])
})

test('remembers no more units of a subject than its limits can look at', () => {
  for (let index = 0; index < 1_000; index += 1) {
    add('k1', 1)
    clock.advance(1)
  }
  expect(journal.units()).toBe(5)
  const burst = { extraQuota: 2, durationMs: 1_000 }
  const wide = Object.freeze([{ ...limit, burst }])
  for (let index = 0; index < 1_000; index += 1) add('k2', 1, wide)
  expect(journal.units()).toBe(5 + 12)
})

test('what was not merged goes back in front of what has come meanwhile, and is told whole', () => {
  add('k1', 2)
  const { batch } = journal.take()
  clock.advance(50)
  add('k1', 1)
  add('k2', 1)
  journal.putBack(batch)
  expect(takeAll()).toEqual([
    { subject: 'k1', limits, agesMs: [50, 50, 0] },
    { subject: 'k2', limits, agesMs: [0] },
  ])
})

test('hands out small batches, keys before addresses, and splits a subject with many units', () => {
  const many = Object.freeze([{ ...limit, quota: 20_000 }])
  add('i203.0.113.7', 1)
  add('k1', 12_000, many)
  const sizes: number[] = []
  const subjects: string[] = []
  while (!journal.isEmpty) {
    const { batch, units } = journal.take()
    sizes.push(units)
    subjects.push(...batch.keys())
  }
  expect(sizes).toEqual([5_000, 5_000, 2_001])
  expect(subjects).toEqual(['k1', 'k1', 'k1', 'i203.0.113.7'])
  for (let index = 0; index < 450; index += 1) add(`k${index}`, 1)
  expect([journal.take(), journal.take(), journal.take()].map(({ units }) => units)).toEqual([
    200, 200, 50,
  ])
})

test('a flood of addresses takes bounded room, and none from keys', () => {
  for (let index = 0; index < 200_050; index += 1) add(`i${index}`, 1)
  add('k1', 1)
  expect(journal.units()).toBe(200_001)
  clock.advance(60_001)
  add('inew', 1)
  expect(journal.units()).toBe(200_001)
})

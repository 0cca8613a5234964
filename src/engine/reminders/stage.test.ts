import fc from 'fast-check'
import { expect, test } from 'vitest'
import { daysLeft, durationName, stageOf } from './stage.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const REMINDERS = [14 * DAY_MS, 3 * DAY_MS, DAY_MS]
const EXPIRES_MS = 1_750_000_000_000
const key = (lifetimeMs: number) => ({
  createdAtMs: EXPIRES_MS - lifetimeMs,
  expiresAtMs: EXPIRES_MS,
})
const stageAt = (leftMs: number, lifetimeMs = 90 * DAY_MS) =>
  stageOf(key(lifetimeMs), EXPIRES_MS - leftMs, REMINDERS)

test.each([
  [14 * DAY_MS + 1, undefined],
  [14 * DAY_MS, 14 * DAY_MS],
  [3 * DAY_MS + 1, 14 * DAY_MS],
  [3 * DAY_MS, 3 * DAY_MS],
  [DAY_MS + 1, 3 * DAY_MS],
  [DAY_MS, DAY_MS],
  [1, DAY_MS],
  [0, undefined],
  [-1, undefined],
])('a key with %i ms left is in stage %s', (leftMs, stageMs) => {
  expect(stageAt(leftMs)).toBe(stageMs)
})

test('a key made for two days gets the reminder of the last day only', () => {
  const stages = new Set<number | undefined>()
  for (let leftMs = 2 * DAY_MS; leftMs > 0; leftMs -= HOUR_MS) {
    stages.add(stageAt(leftMs, 2 * DAY_MS))
  }
  expect([...stages]).toEqual([undefined, DAY_MS])
})

test('a key made for as long as a reminder, or less, is not reminded by it', () => {
  expect(stageAt(DAY_MS, DAY_MS)).toBeUndefined()
  expect(stageAt(HOUR_MS, DAY_MS)).toBeUndefined()
  expect(stageAt(HOUR_MS, DAY_MS + 1)).toBe(DAY_MS)
})

test('a key that does not expire is never reminded, nor is any key without reminders', () => {
  expect(stageOf({ createdAtMs: 0, expiresAtMs: null }, 1, REMINDERS)).toBeUndefined()
  expect(stageOf(key(90 * DAY_MS), EXPIRES_MS - 1, [])).toBeUndefined()
})

test('however often somebody looks, stages go forward only, and none is older than the key', () => {
  const looks = fc.array(fc.integer({ min: -DAY_MS, max: 20 * DAY_MS }), { maxLength: 40 })
  const reminders = fc.uniqueArray(fc.integer({ min: 1, max: 15 * DAY_MS }), { maxLength: 4 })
  const lifetimes = fc.integer({ min: 1, max: 20 * DAY_MS })
  fc.assert(
    fc.property(looks, reminders, lifetimes, (leftsMs, remindersMs, lifetimeMs) => {
      const times = leftsMs.filter((leftMs) => leftMs <= lifetimeMs).sort((a, b) => b - a)
      const stages = times.flatMap(
        (leftMs) => stageOf(key(lifetimeMs), EXPIRES_MS - leftMs, remindersMs) ?? [],
      )
      expect(stages).toEqual([...stages].sort((a, b) => b - a))
      for (const stageMs of stages) {
        expect(remindersMs).toContain(stageMs)
        expect(stageMs).toBeLessThan(lifetimeMs)
      }
    }),
    { numRuns: RUNS },
  )
})

test.each([
  [14 * DAY_MS, '14d'],
  [36 * HOUR_MS, '36h'],
  [90 * 60_000, '90m'],
  [1_000, '1s'],
  [1_500, '1500ms'],
])('%i ms are called %s', (durationMs, name) => {
  expect(durationName(durationMs)).toBe(name)
})

test('days that have begun count as days', () => {
  expect(daysLeft(EXPIRES_MS, EXPIRES_MS - DAY_MS)).toBe(1)
  expect(daysLeft(EXPIRES_MS, EXPIRES_MS - DAY_MS - 1)).toBe(2)
  expect(daysLeft(EXPIRES_MS, EXPIRES_MS - 1)).toBe(1)
})

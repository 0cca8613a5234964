import { afterEach, expect, test, vi } from 'vitest'
import { createSystemClock } from './system-clock.ts'

afterEach(() => {
  vi.useRealTimers()
})

test.each([3_600_000, -3_600_000])('setting the wall clock by %d ms moves no window', (jumpMs) => {
  const clock = createSystemClock()
  const before = clock.monotonicMs()
  const wallBefore = clock.wallMs()
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + jumpMs })
  expect(Math.abs(clock.wallMs() - wallBefore - jumpMs)).toBeLessThan(10_000)
  const passedMs = clock.monotonicMs() - before
  expect(passedMs).toBeGreaterThanOrEqual(0)
  expect(passedMs).toBeLessThan(10_000)
})

test('both scales begin at the same time, so that saved usage means the same after a restart', () => {
  const clock = createSystemClock()
  expect(Math.abs(clock.monotonicMs() - clock.wallMs())).toBeLessThan(1_000)
  expect(Number.isSafeInteger(clock.monotonicMs())).toBe(true)
})

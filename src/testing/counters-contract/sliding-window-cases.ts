/** The sliding window and its burst, exact at their edges. */
import assert from 'node:assert/strict'
import type { Limit } from '../../core/limits/limit.ts'
import { type Cases, charge, MINUTE_MS, OTHER_SUBJECT, sliding } from './bench.ts'

export const SLIDING_WINDOW: Cases = {
  'a unit counts until exactly one window after it': async (bench) => {
    const minute = charge([sliding('minute', 2)])
    assert.deepEqual(await bench.admitted(3, minute), 2)
    await bench.wait(MINUTE_MS - 1)
    assert.deepEqual(await bench.admits(minute), false)
    await bench.wait(1)
    assert.deepEqual(await bench.admitted(3, minute), 2)
  },
  'nothing more is admitted across the edge of a clock minute': async (bench) => {
    const minute = charge([sliding('minute', 60)])
    assert.deepEqual(await bench.admitted(60, minute), 60)
    for (let second = 1; second < 60; second += 1) {
      await bench.wait(1000)
      assert.deepEqual(await bench.admits(minute), false)
    }
    await bench.wait(1000)
    assert.deepEqual(await bench.admitted(61, minute), 60)
  },
  'a refused request is never counted': async (bench) => {
    const minute = charge([sliding('minute', 3)])
    await bench.admitted(3, minute)
    await bench.wait(30_000)
    assert.deepEqual(await bench.admitted(100, minute), 0)
    await bench.wait(30_000)
    assert.deepEqual(await bench.admitted(4, minute), 3)
  },
  'the status says what is left and when the next unit comes back': async (bench) => {
    const minute = charge([sliding('minute', 3)])
    const fresh = { name: 'minute', quota: 3, windowMs: MINUTE_MS, remaining: 3, resetMs: 0 }
    assert.deepEqual(await bench.status(minute), fresh)
    await bench.consume(minute)
    await bench.wait(10_000)
    await bench.consume(minute)
    assert.deepEqual(await bench.status(minute), { ...fresh, remaining: 1, resetMs: 50_000 })
    await bench.wait(50_000)
    assert.deepEqual(await bench.status(minute), { ...fresh, remaining: 2, resetMs: 10_000 })
  },
  'a window of a year forgets nothing and ends on the ms': async (bench) => {
    const year = charge([sliding('year', 2, 366 * 86_400_000)])
    await bench.admitted(2, year)
    await bench.wait(366 * 86_400_000 - 1)
    assert.deepEqual(await bench.admits(year), false)
    await bench.wait(1)
    assert.deepEqual(await bench.admits(year), true)
  },
}

export const BURST: Cases = {
  'a burst spends what the window before left unused': async (bench) => {
    const bursting = charge([burstLimit()])
    assert.deepEqual(await bench.admitted(30, bursting), 12)
    await bench.wait(MINUTE_MS)
    assert.deepEqual(await bench.admitted(30, bursting), 10)
  },
  'a burst closes after its time and does not begin again within a window': async (bench) => {
    const bursting = charge([burstLimit()])
    assert.deepEqual(await bench.admitted(11, bursting), 11)
    await bench.wait(9999)
    assert.deepEqual((await bench.peek(bursting)).kind, 'admitted')
    await bench.wait(1)
    assert.deepEqual(await bench.admits(bursting), false)
    assert.deepEqual(await bench.retryAfterMs(bursting), 50_000)
  },
  'a wait is long enough although an open burst closes meanwhile': async (bench) => {
    const bursting = charge([burstLimit()])
    const address = charge([sliding('ip', 12, 20_000)], { subject: OTHER_SUBJECT })
    await bench.admitted(11, bursting)
    await bench.admitted(12, address)
    assert.deepEqual(await bench.retryAfterMs(address, bursting), MINUTE_MS)
    await bench.wait(MINUTE_MS)
    assert.deepEqual(await bench.admits(address, bursting), true)
  },
  'the status does not show the extra': async (bench) => {
    const bursting = charge([burstLimit()])
    await bench.admitted(11, bursting)
    assert.deepEqual((await bench.status(bursting))?.remaining, 0)
  },
}

function burstLimit(): Limit {
  return { ...sliding('minute', 10), burst: { extraQuota: 2, durationMs: 10_000 } }
}

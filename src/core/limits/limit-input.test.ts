import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../errors.ts'
import type { LimitInput } from './limit-input.ts'
import { parseDurationMs, parseLimit, parseLimits } from './limit-input.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

/** What arrives from JSON or from untyped callers. */
const untyped = (value: unknown) => value as LimitInput

describe('parseDurationMs', () => {
  test.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['1m', 60_000],
    ['24h', 86_400_000],
    ['90d', 7_776_000_000],
    ['1w', 604_800_000],
    ['0s', 0],
    [1500, 1500],
  ])('%s is %i ms', (input, expectedMs) => {
    expect(parseDurationMs(input)).toBe(expectedMs)
  })

  test.each(['', '1', 's', '1 m', '1M', '-1s', '1.5h', '1e3s', '9999999999999999w', ' 1s', '1s\n'])(
    'refuses %j, naming the member',
    (input) => {
      expect(() => parseDurationMs(input, 'keys.grace')).toThrow(/^keys\.grace must be a duration/)
    },
  )

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d', (input) => {
    expect(() => parseDurationMs(input)).toThrow(ConfigError)
  })
})

describe('parseLimit', () => {
  test('reads a limit with a burst, frozen throughout', () => {
    const limit = parseLimit({
      name: 'minute',
      quota: 60,
      window: '1m',
      burst: { extra: 0.2, for: '10s' },
    })
    expect(limit).toEqual({
      name: 'minute',
      quota: 60,
      windowMs: 60_000,
      algorithm: 'sliding-window',
      burst: { extraQuota: 12, durationMs: 10_000 },
    })
    expect(Object.isFrozen(limit) && Object.isFrozen(limit.burst)).toBe(true)
  })

  test.each([
    [100, 0.29, 29],
    [60, 0.2, 12],
    [1000, 0.001, 1],
    [9, 0.1, 0],
    [3, 0.333, 0],
    [10, 2, 20],
  ])('a burst of %i x %d is %i, as in decimal arithmetic', (quota, extra, expected) => {
    const limit = parseLimit({ name: 'x', quota, window: '1m', burst: { extra, for: '1s' } })
    expect(limit.burst?.extraQuota).toBe(expected)
  })

  test.each([
    [{ quota: 1, window: '1m' }, /^name must be/],
    [{ name: 'a"b', quota: 1, window: '1m' }, /^name must be/],
    [{ name: 'naïve', quota: 1, window: '1m' }, /^name must be/],
    [{ name: 'a\nb', quota: 1, window: '1m' }, /^name must be/],
    [{ name: 'x', quota: 0, window: '1m' }, /^quota must be/],
    [{ name: 'x', quota: 2 ** 53, window: '1m' }, /^quota must be/],
    [{ name: 'x', quota: '60', window: '1m' }, /^quota must be/],
    [{ name: 'x', quota: 1 }, /^window must be a duration/],
    [{ name: 'x', quota: 1, window: '0s' }, /^window must be between 1 ms and 366 days/],
    [{ name: 'x', quota: 1, window: '367d' }, /^window must be between/],
    [{ name: 'x', quota: 1, window: '1m', algorithm: 'sliding' }, /^algorithm must be one of/],
    [{ name: 'x', quota: 1, windw: '1m' }, /no member "windw"/],
    [
      {
        name: 'x',
        quota: 1,
        window: '1m',
        algorithm: 'fixed-window',
        burst: { extra: 1, for: '1s' },
      },
      /^burst needs/,
    ],
    [
      { name: 'x', quota: 1, window: '1s', burst: { extra: 1, for: '2s' } },
      /^burst\.for must be between 1 ms and the window/,
    ],
    [
      { name: 'x', quota: 1, window: '1s', burst: { extra: -0.1, for: '1s' } },
      /^burst\.extra must be/,
    ],
    [
      { name: 'x', quota: 1, window: '1s', burst: { extra: 0.2, fore: '1s' } },
      /^burst has no member "fore"/,
    ],
    [null, /^limit must be an object/],
  ])('refuses %j by its member', (input, message) => {
    expect(() => parseLimit(untyped(input))).toThrow(message)
    expect(() => parseLimit(untyped(input))).toThrow(ConfigError)
  })

  test('whatever comes in, it is a valid limit or a ConfigError', () => {
    const hostile = fc.anything({ withNullPrototype: true })
    const value = fc.oneof(hostile, fc.constantFrom('1m', '10s', 1, 60, 'fixed-window'))
    const input = fc.oneof(
      hostile,
      fc.record(
        {
          name: value,
          quota: value,
          window: value,
          algorithm: value,
          burst: fc.record({ extra: value, for: value }),
        },
        { requiredKeys: [] },
      ),
    )
    fc.assert(
      fc.property(input, (candidate) => {
        try {
          const limit = parseLimit(untyped(candidate))
          expect(Number.isSafeInteger(limit.quota) && limit.quota >= 1).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError)
        }
      }),
      { numRuns: RUNS },
    )
  })
})

describe('parseLimits', () => {
  test('names the place of a bad limit', () => {
    const good = { name: 'a', quota: 1, window: '1s' }
    expect(() =>
      parseLimits([good, { ...good, name: 'b', quota: 0 }], 'tiers.free.limits'),
    ).toThrow(/^tiers\.free\.limits\[1\]\.quota must be/)
  })

  test('refuses two limits of one name', () => {
    const limit = { name: 'a', quota: 1, window: '1s' }
    expect(() => parseLimits([limit, limit])).toThrow(/^limits\[1\]\.name "a" is taken/)
  })
})

import { describe, expect, test } from 'vitest'
import { createRateLimitHeaders } from './rate-limit-headers.ts'

const write = createRateLimitHeaders({ legacyHeaders: false })
const status = (
  name: string,
  quota: number,
  windowMs: number,
  remaining: number,
  resetMs: number,
) => ({
  ...{ name, quota, windowMs, remaining, resetMs },
})
const MINUTE = status('minute', 60, 60_000, 42, 8_001)
const DAY = status('day', 1000, 86_400_000, 613, 1_840_000)

describe('RateLimit and RateLimit-Policy', () => {
  test('are lists with an item for each limit', () => {
    expect(write([MINUTE, DAY])).toEqual([
      ['RateLimit-Policy', '"minute";q=60;w=60, "day";q=1000;w=86400'],
      ['RateLimit', '"minute";r=42;t=9, "day";r=613;t=1840'],
    ])
  })

  test('round times up to whole seconds', () => {
    expect(write([status('burst', 5, 1_500, 0, 1)])).toEqual([
      ['RateLimit-Policy', '"burst";q=5;w=2'],
      ['RateLimit', '"burst";r=0;t=1'],
    ])
  })

  test('escape names and stay within what a list can hold', () => {
    expect(write([status('a\\b"c\né', 2 ** 53 - 1, 1000, 2 ** 53 - 1, 0)])).toEqual([
      ['RateLimit-Policy', '"a\\\\b\\"c??";q=999999999999999;w=1'],
      ['RateLimit', '"a\\\\b\\"c??";r=999999999999999;t=0'],
    ])
  })

  test('are absent without limits', () => {
    expect(write([])).toEqual([])
  })

  test('tell limits apart by their names alone', () => {
    const hour = status('hour', 60, 60_000, 42, 8_001)
    expect(write([MINUTE])[0]?.[1]).toBe('"minute";q=60;w=60')
    expect(write([hour])[0]?.[1]).toBe('"hour";q=60;w=60')
  })

  test('remember some policies and forget the rest, and follow the limits all the same', () => {
    const fresh = createRateLimitHeaders({ legacyHeaders: false })
    const [first] = fresh([MINUTE])
    expect(fresh([MINUTE])[0]).toBe(first)
    for (let round = 0; round < 2; round++) {
      for (let quota = 1; quota <= 100; quota++) {
        const [policy] = fresh([status('minute', quota, 60_000, 0, 0)])
        expect(policy?.[1]).toBe(`"minute";q=${quota};w=60`)
      }
    }
    expect(fresh([MINUTE])[0]).not.toBe(first)
  })

  test('do not depend on objects that a caller uses again', () => {
    const reused = { ...MINUTE }
    write([reused])
    reused.quota = 7
    expect(write([reused])[0]?.[1]).toBe('"minute";q=7;w=60')
    expect(write([MINUTE])[0]?.[1]).toBe('"minute";q=60;w=60')
  })
})

test('X-RateLimit headers show the limit with the least left', () => {
  const legacy = createRateLimitHeaders({ legacyHeaders: true })
  expect(legacy([DAY, MINUTE]).slice(2)).toEqual([
    ['X-RateLimit-Limit', '60'],
    ['X-RateLimit-Remaining', '42'],
    ['X-RateLimit-Reset', '9'],
  ])
})

import { beforeEach, describe, expect, test } from 'vitest'
import { createTestClock, type TestClock } from '../testing/test-clock.ts'
import { createFreshness, type Freshness } from './freshness.ts'

let clock: TestClock
let revision: number
let down: boolean
let asked: number
let freshness: Freshness
beforeEach(() => {
  clock = createTestClock()
  revision = 7
  down = false
  freshness = createFreshness(
    {
      externalRevision() {
        asked++
        if (down) throw new Error('it is down')
        return revision
      },
    },
    clock,
  )
  asked = 0
})
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the generation', () => {
  test('grows once for each change', async () => {
    const first = freshness.generation()
    for (let change = 1; change <= 3; change++) {
      revision++
      await nextTurn()
      expect(freshness.generation()).toBe(first + change)
      await nextTurn()
      expect(freshness.generation()).toBe(first + change)
    }
  })

  test('is asked for once in a turn of the event loop, again in the next', async () => {
    for (let i = 0; i < 5; i++) freshness.generation()
    expect(asked).toBe(1)
    await nextTurn()
    freshness.generation()
    expect(asked).toBe(2)
  })

  test('is asked for again within a long turn once a millisecond has passed', () => {
    const first = freshness.generation()
    revision++
    clock.advance(1)
    expect(freshness.generation()).toBe(first + 1)
    expect(freshness.generation()).toBe(first + 1)
    expect(asked).toBe(2)
  })
})

test('a store that does not answer is known, with when it last did, until it answers again', async () => {
  const before = freshness.generation()
  const answeredAtMs = clock.monotonicMs()
  down = true
  clock.advance(500)
  expect(freshness.generation()).toBe(before)
  expect(freshness).toMatchObject({ storeAnswers: false, answeredAtMs })
  down = false
  clock.advance(500)
  expect(freshness.generation()).toBe(before)
  expect(freshness).toMatchObject({ storeAnswers: true, answeredAtMs: clock.monotonicMs() })
})

import { stat } from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { CountersUnavailableError } from '../../core/errors.ts'
import { createSystemClock } from '../system-clock.ts'
import { SharedCalls, within } from './shared-calls.ts'

const DEADLINE_MS = 20

let failures: string[]
let calls: SharedCalls
beforeEach(() => {
  failures = []
  calls = new SharedCalls(createSystemClock(), DEADLINE_MS, (reason) => {
    failures.push(reason)
    calls.abandonAll()
  })
})

const instead = (): string => 'alone'
const never = (): Promise<string> => new Promise(() => {})

test('an answer that came while this process was busy is taken, though the time is over', async () => {
  const answer = calls.ask(
    () => new Promise<string>((resolve) => stat('.', () => resolve('shared'))),
    { instead },
  )
  const untilMs = Date.now() + 3 * DEADLINE_MS
  while (Date.now() < untilMs);
  expect(await answer).toBe('shared')
  expect(failures).toEqual([])
})

test('one call that gets no answer ends the wait of all', async () => {
  const answers = [calls.ask(never, { instead })]
  await new Promise((resolve) => setTimeout(resolve, DEADLINE_MS / 2))
  for (let index = 0; index < 3; index++) answers.push(calls.ask(never, { instead }))
  expect(await Promise.all(answers)).toEqual(Array(4).fill('alone'))
  expect(failures).toEqual(['unreachable'])
  expect(calls.timeouts).toBe(1)
})

test('a failure of the counters is decided without them; any other is the caller’s', async () => {
  const down = new CountersUnavailableError('read_only', 'it takes no writes')
  const bug = new TypeError('a bug')
  expect(await calls.ask(() => Promise.reject(down), { instead })).toBe('alone')
  const thrown = (): string => {
    throw down
  }
  expect(calls.ask(thrown, { instead })).toBe('alone')
  expect(failures).toEqual(['read_only', 'read_only'])
  await expect(calls.ask(() => Promise.reject(bug), { instead })).rejects.toBe(bug)
  expect(failures).toHaveLength(2)
})

test('what cannot be decided without the counters fails for its caller, not for the process', async () => {
  const refusing = (): string => {
    throw new Error('closed')
  }
  await expect(calls.ask(never, { instead: refusing })).rejects.toThrow('closed')
})

test('a late answer is handed over, once', async () => {
  const held = Promise.withResolvers<string>()
  const late: string[] = []
  const asked = calls.ask(() => held.promise, { instead, late: (answer) => late.push(answer) })
  expect(await asked).toBe('alone')
  held.resolve('shared')
  await held.promise
  expect(late).toEqual(['shared'])
})

test('a call with a limit of its own rejects when it is over', async () => {
  await expect(within(5, never)).rejects.toMatchObject({ reason: 'unreachable' })
  expect(await within(60_000, () => 'now')).toBe('now')
})

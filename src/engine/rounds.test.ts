import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Rounds, startRounds } from './rounds.ts'

let rounds: Rounds | undefined
beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  rounds?.stop()
  vi.useRealTimers()
})

test('every task runs in each round, also after one that failed', async () => {
  const ran: string[] = []
  const task = (name: string) => ({ name, run: async () => void ran.push(name) })
  const failing = {
    name: 'b',
    run: () => {
      ran.push('b')
      return Promise.reject(new Error('no'))
    },
  }
  rounds = startRounds(1000, [task('a'), failing, task('c')], () => {})
  await vi.advanceTimersByTimeAsync(2000)
  expect(ran).toEqual(['a', 'b', 'c', 'a', 'b', 'c'])
})

test('a failure is told once until the task succeeds again, and is in failing() meanwhile', async () => {
  let broken = true
  const told: string[] = []
  const run = () => (broken ? Promise.reject(new Error('no')) : Promise.resolve())
  rounds = startRounds(1000, [{ name: 'audit', run }], (task, error) => {
    told.push(`${task}: ${String(error)}`)
  })
  expect(rounds.failing()).toEqual([])
  await vi.advanceTimersByTimeAsync(3000)
  expect(told).toEqual(['audit: Error: no'])
  expect(rounds.failing()).toEqual(['audit'])
  broken = false
  await vi.advanceTimersByTimeAsync(1000)
  expect(rounds.failing()).toEqual([])
  broken = true
  await vi.advanceTimersByTimeAsync(1000)
  expect(told).toHaveLength(2)
})

test('rounds never overlap', async () => {
  const held = Promise.withResolvers<void>()
  let begun = 0
  const run = () => {
    begun++
    return held.promise
  }
  rounds = startRounds(1000, [{ name: 'slow', run }], () => {})
  await vi.advanceTimersByTimeAsync(5000)
  expect(begun).toBe(1)
  held.resolve()
  await vi.advanceTimersByTimeAsync(1000)
  expect(begun).toBe(2)
})

test('none begins after stop', async () => {
  let begun = 0
  const run = async () => void begun++
  rounds = startRounds(1000, [{ name: 'task', run }], () => {})
  rounds.stop()
  await vi.advanceTimersByTimeAsync(5000)
  expect(begun).toBe(0)
})

test('a round that is under way at stop ends with its task, and its failure is nobody’s news', async () => {
  const held = Promise.withResolvers<void>()
  const told: string[] = []
  const tasks = [
    { name: 'slow', run: () => held.promise },
    { name: 'next', run: async () => void told.push('next') },
  ]
  rounds = startRounds(1000, tasks, (task) => told.push(task))
  await vi.advanceTimersByTimeAsync(1000)
  rounds.stop()
  held.reject(new Error('the store is closed'))
  await vi.advanceTimersByTimeAsync(1000)
  expect(told).toEqual([])
})

test('do not keep the process alive', () => {
  vi.useRealTimers()
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  rounds = startRounds(1000, [], () => {})
  expect(timers()).toBe(before)
})

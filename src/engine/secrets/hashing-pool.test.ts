import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createHashingPool } from './hashing-pool.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

/** A task whose end the test decides, and that tells when it started. */
function manualTask<T>(value: T, started: T[]) {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const task = (): Promise<T> => {
    started.push(value)
    return promise
  }
  return { task, finish: () => resolve(value), fail: () => reject(new Error(`task ${value}`)) }
}

test('runs as many as allowed, queues as many as allowed, and says full at once', async () => {
  const pool = createHashingPool({ running: 2, queued: 3 })
  const started: number[] = []
  const tasks = Array.from({ length: 8 }, (_, i) => manualTask(i, started))
  const results = tasks.map(({ task }) => pool.run(task))
  expect(started).toEqual([0, 1])
  expect({ running: pool.running, queued: pool.queued }).toEqual({ running: 2, queued: 3 })
  expect(results.slice(5)).toEqual(['full', 'full', 'full'])
  for (const { finish } of tasks) finish()
  expect(await Promise.all(results.slice(0, 5))).toEqual([0, 1, 2, 3, 4])
  expect(started).toEqual([0, 1, 2, 3, 4])
  expect({ running: pool.running, queued: pool.queued }).toEqual({ running: 0, queued: 0 })
})

test('a task that fails rejects for its caller only and gives its place to the next', async () => {
  const pool = createHashingPool({ running: 1, queued: 1 })
  const started: number[] = []
  const first = manualTask(1, started)
  const second = manualTask(2, started)
  const results = [pool.run(first.task), pool.run(second.task)]
  first.fail()
  second.finish()
  await expect(results[0]).rejects.toThrow('task 1')
  await expect(results[1]).resolves.toBe(2)
  expect(pool.running).toBe(0)
})

test('a task that throws instead of rejecting does not lose its place', async () => {
  const pool = createHashingPool({ running: 1, queued: 0 })
  const broken = () => {
    throw new Error('broken')
  }
  for (let i = 0; i < 3; i++) await expect(pool.run(broken)).rejects.toThrow('broken')
  expect(pool.running).toBe(0)
})

test('never more than allowed, first come first served, whatever the order of ends', async () => {
  const size = fc.record({ running: fc.integer({ min: 1, max: 4 }), queued: fc.nat(6) })
  const steps = fc.array(fc.oneof(fc.constant('add' as const), fc.nat(5)), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(size, steps, async (limits, script) => {
      const pool = createHashingPool(limits)
      const started: number[] = []
      const active: ReturnType<typeof manualTask<number>>[] = []
      let accepted = 0
      for (const step of script) {
        if (step === 'add') {
          const isFull = active.length >= limits.running + limits.queued
          const added = manualTask(accepted, started)
          const result = pool.run(added.task)
          expect(result === 'full').toBe(isFull)
          if (isFull) continue
          active.push(added)
          accepted += 1
        } else if (active.length > 0) {
          // One of those that run now, and these are the first in line.
          const running = Math.min(active.length, limits.running)
          active.splice(step % running, 1)[0]?.finish()
          await new Promise(setImmediate)
        }
        expect(pool.running).toBe(Math.min(active.length, limits.running))
        expect(pool.running + pool.queued).toBe(active.length)
      }
      expect(started).toEqual(Array.from({ length: started.length }, (_, i) => i))
      expect(started).toHaveLength(accepted - pool.queued)
    }),
    { numRuns: Math.ceil(RUNS / 5) },
  )
})

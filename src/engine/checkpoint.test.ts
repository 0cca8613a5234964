import { beforeEach, expect, test } from 'vitest'
import type { CheckpointedCounters, UsageDelta } from '../core/ports/counters.ts'
import { createTestClock } from '../testing/test-clock.ts'
import { Checkpoint } from './checkpoint.ts'

const clock = createTestClock()
const delta = (atMs: number): UsageDelta => ({
  ...{ subject: 'k7Hq2mZ9x', admissionsMs: [atMs], expiresAtMs: atMs + 1, meters: {} },
})

let changed: UsageDelta[]
let saved: number[][]
let saving: PromiseWithResolvers<void>[]
let checkpoint: Checkpoint
beforeEach(() => {
  changed = []
  saved = []
  saving = []
  const counters: Pick<CheckpointedCounters, 'takeUsage' | 'restoreUsage'> = {
    takeUsage: () => changed.splice(0),
    restoreUsage: (usage) => void changed.push(...usage),
  }
  const store = {
    async saveUsage(usage: readonly UsageDelta[]) {
      const held = Promise.withResolvers<void>()
      saving.push(held)
      await held.promise
      saved.push(usage.flatMap(({ admissionsMs }) => admissionsMs))
    },
    loadUsage: async () => [delta(42)],
  }
  checkpoint = new Checkpoint(counters as CheckpointedCounters, store, clock)
})

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('nothing to save is no call of the store', async () => {
  await checkpoint.save()
  expect(saving).toEqual([])
})

test('saved usage is given to the counters', async () => {
  await checkpoint.restore()
  expect(changed).toEqual([delta(42)])
})

test('each change is saved once, and saves do not overlap', async () => {
  changed.push(delta(1))
  const first = checkpoint.save()
  await settled()
  changed.push(delta(2))
  const second = checkpoint.save()
  await settled()
  expect(saving).toHaveLength(1)
  saving[0]?.resolve()
  await first
  await settled()
  saving[1]?.resolve()
  await second
  expect(saved).toEqual([[1], [2]])
})

test('what could not be saved is saved later, with what came meanwhile, in order', async () => {
  changed.push(delta(1))
  const failing = checkpoint.save()
  await settled()
  changed.push(delta(2))
  saving[0]?.reject(new Error('the disk is full'))
  await expect(failing).rejects.toThrow('the disk is full')
  const next = checkpoint.save()
  await settled()
  saving[1]?.resolve()
  await next
  expect(saved).toEqual([[1, 2]])
})

/**
 * What an outage can cost: random outages of one server under several instances, and no window with
 * more in it than the guide says.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { startInstances } from '../../../tests/outage/instances.ts'
import type { Limit } from '../../core/limits/limit.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 60)
const WINDOW_MS = 1_000

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ ask: fc.nat(20), instance: fc.nat(3) }) },
  {
    weight: 4,
    arbitrary: fc.record({ waitMs: fc.constantFrom(0, 25, 100, 250, 500, 999, 1_000, 6_000) }),
  },
  { weight: 2, arbitrary: fc.record({ plug: fc.constantFrom('refusing', 'silent', 'in', 'in') }) },
  { weight: 1, arbitrary: fc.record({ loseData: fc.constant(true) }) },
)

const limitOf = (quota: number, extraQuota: number): Limit => ({
  ...{ name: 'second', quota, windowMs: WINDOW_MS, algorithm: 'sliding-window' },
  burst: { extraQuota, durationMs: 400 },
})

test('a window holds at most twice the limit, and once the limit after the last recovery', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 13 }),
      fc.integer({ min: 0, max: 3 }),
      fc.array(step, { minLength: 5, maxLength: 40 }),
      async (count, quota, extraQuota, trace) => {
        const instances = await startInstances(count)
        const { clock, server, counters, pass } = instances
        const limits = Object.freeze([limitOf(quota, extraQuota)])
        const admittedMs: number[] = []
        const lossesMs: number[] = []
        /** Times at which an instance was in an outage, or the server was away. */
        let troubledUntilMs = 0
        const ask = async (instance: number): Promise<void> => {
          const charges = [{ subject: 'k7Hq2mZ9x', limits, cost: 1 }]
          const outcome = await counters[instance % count]?.consume({ charges })
          if (outcome?.kind !== 'admitted') return
          const nowMs = clock.monotonicMs()
          admittedMs.push(nowMs)
          const inWindow = admittedMs.filter((atMs) => atMs > nowMs - WINDOW_MS).length
          const losses = lossesMs.filter((atMs) => atMs > nowMs - WINDOW_MS).length
          const calm = troubledUntilMs <= nowMs - WINDOW_MS
          const most = (quota + extraQuota) * (calm ? 1 : 2 + losses)
          expect(inWindow).toBeLessThanOrEqual(most)
        }
        const look = (): void => {
          const troubled = server.plug !== 'in' || counters.some((one) => one.outage())
          if (troubled) troubledUntilMs = clock.monotonicMs()
        }
        for (const action of trace) {
          if ('ask' in action) {
            const asked = Array.from({ length: action.ask }, () => ask(action.instance))
            const all = Promise.all(asked)
            if (server.plug === 'silent') await pass(300)
            await all
          } else if ('waitMs' in action) {
            for (let left = action.waitMs; left > 0; left -= 25) {
              await pass(25)
              look()
            }
          } else if ('plug' in action) {
            server.plug = action.plug as 'in'
          } else if (server.plug !== 'in') {
            server.loseData()
            lossesMs.push(clock.monotonicMs())
          }
          look()
        }
        server.plug = 'in'
        await pass(2_000)
        expect(counters.every((one) => one.outage() === undefined)).toBe(true)
        await instances.close()
      },
    ),
    { numRuns: RUNS },
  )
}, 120_000)

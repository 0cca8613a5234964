/** Callers that race for a limit: what the race and its longer run share. */
import { expect } from 'vitest'
import { openObservedGate } from './observed-gate.ts'

const CALLERS = 64

/** In each round, 64 callers of a key and address at once; exactly `quota` of them may pass. */
export async function raceForLimit(rounds: number): Promise<void> {
  const quota = 40
  const { gate, clock } = await openObservedGate({
    tiers: { free: { limits: [{ name: 'minute', quota, window: '1m' }] } },
    ip: { limits: [{ name: 'ip', quota: 50, window: '1m' }] },
  })
  const { key } = await gate.keys.issue({ owner: 'ada@example.com' })
  for (let round = 0; round < rounds; round++) {
    const decisions = await Promise.all(
      Array.from({ length: CALLERS }, async (_, caller) => {
        // Some come a turn of the event loop later, as connections do.
        if (caller % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
        return gate.check({ presentedKey: key, address: '203.0.113.7', requestId: 'req_test' })
      }),
    )
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(quota)
    clock.advance(60_000)
  }
  await gate.close()
}

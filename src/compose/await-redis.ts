/** Waiting for Redis at a start: it may still be connecting, and says why it cannot only in events. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { SharedCounters } from '../core/ports/counters.ts'

const RETRY_MS = 50
/** No later attempt will fare better. */
const FINAL = /WRONGPASS|NOAUTH|NOPERM|invalid password|CERT|unable to verify/i

/**
 * undefined once the counters answer; what was wrong last when they do not within `timeoutMs`.
 * `lastProblem` is what the client has said of its connection, if it has.
 */
export async function problemOf(
  counters: Pick<SharedCounters, 'probe'>,
  timeoutMs: number,
  lastProblem: () => string | undefined,
): Promise<string | undefined> {
  const endsAtMs = performance.now() + timeoutMs
  for (;;) {
    // A pause may end late.
    const leftMs = Math.max(0, endsAtMs - performance.now())
    const problem = await probeWithin(counters, leftMs)
    if (problem === undefined) return undefined
    const said = lastProblem() ?? problem
    if (leftMs <= RETRY_MS || FINAL.test(said)) return said
    await sleep(RETRY_MS)
  }
}

async function probeWithin(
  counters: Pick<SharedCounters, 'probe'>,
  timeoutMs: number,
): Promise<string | undefined> {
  const ended = new AbortController()
  const tooSlow = sleep(timeoutMs, 'it does not answer', { signal: ended.signal })
  try {
    return await Promise.race([counters.probe().then(() => undefined), tooSlow])
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    ended.abort()
    tooSlow.catch(() => undefined)
  }
}

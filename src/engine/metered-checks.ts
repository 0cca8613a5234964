/**
 * Counts decisions on their way out. One that was made at once costs its outcome and its tier, and no
 * clock is read; one that was waited for (a key's first check, counters on a server) is timed too,
 * from the moment on that it had to wait.
 */
import type { Decision, Denied, Identity } from '../core/decision.ts'
import type { GateMetrics } from '../core/ports/metrics.ts'
import type { Checker } from './check.ts'
import type { Gate } from './gate.ts'

type Checks = Pick<Gate, 'check' | 'recognise' | 'countRefused'>

/** `tierOf` gives the tier of a key that was verified, for denials, which only name the key. */
export function meterChecks(
  checker: Pick<Checker, keyof Checks>,
  metrics: GateMetrics,
  tierOf: (keyId: string) => string | undefined,
): Checks {
  function count(decision: Decision): void {
    if (decision.allowed) metrics.decided('allowed', decision.identity.tier)
    else countDenied(decision)
  }

  function countDenied({ code, keyId }: Denied): void {
    metrics.decided(code, keyId === undefined ? undefined : tierOf(keyId))
  }

  /** Who is recognised is counted by the check that follows. */
  function countUnrecognised(result: Identity | Denied): void {
    if ('allowed' in result) countDenied(result)
  }

  async function countLater<Result>(
    pending: Promise<Result>,
    note: (result: Result) => void,
  ): Promise<Result> {
    const sinceMs = performance.now()
    const result = await pending
    metrics.waited(performance.now() - sinceMs)
    note(result)
    return result
  }

  const countRefusal = (denied: Denied | undefined): void => {
    if (denied !== undefined) countDenied(denied)
  }

  return {
    check(request) {
      const decision = checker.check(request)
      if (decision instanceof Promise) return countLater(decision, count)
      count(decision)
      return decision
    },
    recognise(request) {
      const result = checker.recognise(request)
      if (result instanceof Promise) return countLater(result, countUnrecognised)
      countUnrecognised(result)
      return result
    },
    countRefused(address, requestId) {
      const denied = checker.countRefused(address, requestId)
      if (denied instanceof Promise) return countLater(denied, countRefusal)
      countRefusal(denied)
      return denied
    },
  }
}

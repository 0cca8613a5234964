/**
 * Tells whether another process changed the store, so that a key revoked by the CLI is refused on
 * the very next request. Asking costs about 2 µs, so it is asked once per event-loop turn, and again
 * once a millisecond has passed: requests of one turn had all arrived before the first of them was
 * looked at.
 */
import type { Clock } from '../core/ports/clock.ts'
import type { Store } from '../core/ports/store.ts'

/** Keys that the store confirmed within this time go on working while it is down. */
export const STORE_OUTAGE_GRACE_MS = 60_000

export interface Freshness {
  /** Grows whenever cached keys may be out of date. */
  generation(): number
  /** False where the store must be asked before a cached key is taken. */
  readonly storeAnswers: boolean
  /** When it last answered, on the monotonic scale; entries of this generation were right then. */
  readonly answeredAtMs: number
}

export function createFreshness(store: Pick<Store, 'externalRevision'>, clock: Clock): Freshness {
  let generation = 0
  let revision = store.externalRevision()
  let askedThisTurn = false
  let askedAtMs = Number.NEGATIVE_INFINITY
  let answeredAtMs = clock.monotonicMs()
  let storeAnswers = true

  const endTurn = (): void => {
    askedThisTurn = false
  }

  function ask(): void {
    try {
      const current = store.externalRevision()
      if (current !== revision) generation++
      revision = current
      storeAnswers = true
      answeredAtMs = askedAtMs
    } catch {
      storeAnswers = false
    }
  }

  return {
    generation() {
      const nowMs = clock.monotonicMs()
      if (askedThisTurn && nowMs === askedAtMs) return generation
      if (!askedThisTurn) {
        askedThisTurn = true
        setImmediate(endTurn).unref()
      }
      askedAtMs = nowMs
      ask()
      return generation
    },
    get storeAnswers() {
      return storeAnswers
    },
    get answeredAtMs() {
      return answeredAtMs
    },
  }
}

/**
 * Makes a task of the rounds of each second run less often, by the gate's clock. What fails is tried
 * again after a minute, where that is sooner.
 */
import type { Clock } from '../core/ports/clock.ts'

const RETRY_MS = 60_000

export function every(
  clock: Pick<Clock, 'monotonicMs'>,
  { firstAfterMs, everyMs }: { readonly firstAfterMs: number; readonly everyMs: number },
  run: () => Promise<void>,
): () => Promise<void> {
  let dueAtMs = clock.monotonicMs() + firstAfterMs
  return async () => {
    const nowMs = clock.monotonicMs()
    if (nowMs < dueAtMs) return
    dueAtMs = nowMs + Math.min(everyMs, RETRY_MS)
    await run()
    dueAtMs = nowMs + everyMs
  }
}

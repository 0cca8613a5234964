/** How a gate ends: once, whoever asks and how often, and its store last. */
import type { Counters } from '../core/ports/counters.ts'
import type { Store } from '../core/ports/store.ts'

export interface ClosingParts {
  readonly counters: Counters
  readonly store: Store
  /** What is left to do while store and counters are open. It may fail; they are closed then, too. */
  readonly lastRound: () => Promise<void>
}

export function closeOnce({ counters, store, lastRound }: ClosingParts): () => Promise<void> {
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    try {
      await lastRound()
    } finally {
      await counters.close()
      await store.close()
    }
  }
  return () => {
    closing ??= close()
    return closing
  }
}

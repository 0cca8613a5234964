/**
 * What a limit is: a name, a quota, a window, an algorithm and, for the sliding window, a burst.
 *
 * Worst case in any window of `windowMs`: `sliding-window` admits at most `quota` (plus the burst's
 * `extraQuota`); `token-bucket`, `fixed-window` and `leaky-bucket` up to 2 x `quota`.
 */
export type LimitAlgorithm = 'sliding-window' | 'token-bucket' | 'fixed-window' | 'leaky-bucket'

export const LIMIT_ALGORITHMS: readonly LimitAlgorithm[] = [
  'sliding-window',
  'token-bucket',
  'fixed-window',
  'leaky-bucket',
]

/** Room above the quota, only for what the window before left unused. */
export interface Burst {
  /** Whole requests above the quota; 0 turns the burst off. `floor(quota x extra)`. */
  readonly extraQuota: number
  /** For how long from its first extra request a burst stays open. 1 to `windowMs`. */
  readonly durationMs: number
}

export interface Limit {
  /** Printable ASCII without quotes; unique within its tier. Shown in headers. */
  readonly name: string
  /** Units admitted per window; a safe integer of at least 1. */
  readonly quota: number
  /** 1 ms to 366 days. */
  readonly windowMs: number
  readonly algorithm: LimitAlgorithm
  /** Only with `sliding-window`. */
  readonly burst?: Burst
}

/** Where one limit stands after a decision. */
export interface LimitStatus {
  readonly name: string
  readonly quota: number
  readonly windowMs: number
  /** Units that would still be admitted now, without the burst's extra; at least 0. */
  readonly remaining: number
  /** ms until the next used unit comes back; 0 when nothing is used. */
  readonly resetMs: number
}

export const MAX_WINDOW_MS = 366 * 24 * 60 * 60 * 1000

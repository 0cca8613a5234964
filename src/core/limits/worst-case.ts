/**
 * The most that limits let through in a span of time, whatever the caller does.
 *
 * Any half-open span of `spanMs` is looked at, not only calendar days. With k = ceil(span / window)
 * and quota L: a sliding window fills k times (k x L) and its burst adds at most B once, because a
 * burst spends only what the window before left unused; a fixed window touches one window more; the
 * two buckets start full and refill all the while. Where several limits apply the smallest counts.
 * Pure; exact whole numbers, cut off at Number.MAX_SAFE_INTEGER.
 */
import type { Limit } from './limit.ts'

/**
 * Units that one key can be admitted for within any `spanMs` (whole ms, at least 1); Infinity
 * without limits.
 *
 * @example
 * worstCaseAdmissions([minuteOf60With20PercentBurst], 86_400_000) // 86_412
 */
export function worstCaseAdmissions(limits: readonly Limit[], spanMs: number): number {
  return Math.min(...limits.map((limit) => worstCaseOf(limit, spanMs)))
}

function worstCaseOf(limit: Limit, spanMs: number): number {
  const [quota, windowMs, span] = [BigInt(limit.quota), BigInt(limit.windowMs), BigInt(spanMs)]
  const windows = (span + windowMs - 1n) / windowMs
  switch (limit.algorithm) {
    case 'sliding-window':
      return whole(windows * quota + extraOf(limit))
    case 'fixed-window':
      return whole(((span + windowMs - 2n) / windowMs + 1n) * quota)
    case 'token-bucket':
    case 'leaky-bucket':
      return whole(quota + ((span - 1n) * quota) / windowMs)
  }
}

/** Two windows hold less than 2 x quota before a burst, so it never adds more than the quota. */
function extraOf({ burst, quota }: Limit): bigint {
  return BigInt(Math.min(burst?.extraQuota ?? 0, quota))
}

function whole(units: bigint): number {
  const most = BigInt(Number.MAX_SAFE_INTEGER)
  return Number(units < most ? units : most)
}

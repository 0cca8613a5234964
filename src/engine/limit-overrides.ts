/**
 * Checks the limits that a key brings along. They are stored as they are and taken on every request,
 * so one that makes no sense would not fail here but there. Pure; throws LockgateError
 * `invalid_field`, naming the member.
 */
import { ConfigError, LockgateError } from '../core/errors.ts'
import type { Burst, Limit } from '../core/limits/limit.ts'
import { parseLimits } from '../core/limits/limit-input.ts'

const PATH = 'limitOverrides'

/** The limits, copied and frozen. */
export function checkLimitOverrides(overrides: readonly Limit[] = []): readonly Limit[] {
  if (!Array.isArray(overrides)) throw invalid(`${PATH} must be a list of limits`)
  const bare = overrides.map((limit: Limit) => {
    const { burst: _, windowMs: window, ...rest } = limit ?? {}
    return { ...rest, window }
  })
  return Object.freeze(
    readLimits(bare).map((limit, index) => withBurst(limit, overrides[index]?.burst, index)),
  )
}

function readLimits(bare: Parameters<typeof parseLimits>[0]): readonly Limit[] {
  try {
    return parseLimits(bare, PATH)
  } catch (error) {
    if (error instanceof ConfigError) throw invalid(error.message.replace('.window ', '.windowMs '))
    throw error
  }
}

function withBurst(limit: Limit, burst: Burst | undefined, index: number): Limit {
  if (burst === undefined) return limit
  const { extraQuota, durationMs } = burst
  const fits =
    limit.algorithm === 'sliding-window' &&
    Number.isSafeInteger(extraQuota) &&
    extraQuota >= 0 &&
    Number.isSafeInteger(limit.quota + extraQuota) &&
    Number.isSafeInteger(durationMs) &&
    durationMs >= 1 &&
    durationMs <= limit.windowMs
  if (fits) return Object.freeze({ ...limit, burst: Object.freeze({ extraQuota, durationMs }) })
  throw invalid(
    `${PATH}[${index}].burst needs the algorithm "sliding-window", extraQuota of at least 0, and durationMs from 1 to windowMs`,
  )
}

const invalid = (problem: string): LockgateError => new LockgateError('invalid_field', problem)

/** The options that narrow a list of keys, read into a query of the store. */
import type { KeyStatus } from '../../../core/key/key-record.ts'
import type { KeyQuery } from '../../../core/ports/store.ts'
import { readFuture, readPast } from '../../arguments.ts'
import { UsageError } from '../../failure.ts'

export interface KeyFilters {
  readonly owner?: string
  readonly tier?: string
  readonly status?: KeyStatus
  readonly expiring?: string
  readonly used?: string
  readonly unused?: string
}

type Filters = Omit<KeyQuery, 'pageSize' | 'after'>

/** Throws a UsageError for what is neither a duration nor a date. */
export function readKeyFilters(options: KeyFilters, nowMs: number): Filters {
  const { owner, tier, status, expiring, used, unused } = options
  if (status === 'expired' && expiring !== undefined) {
    throw new UsageError('--expiring and --status expired exclude each other; leave one out')
  }
  return {
    ...(owner === undefined ? {} : { ownerEmail: owner }),
    ...(tier === undefined ? {} : { tier }),
    ...(used === undefined ? {} : { usedSinceMs: readPast(used, '--used', nowMs) }),
    ...(unused === undefined ? {} : { unusedSinceMs: readPast(unused, '--unused', nowMs) }),
    // Keys that do not work any more need nobody's attention, unless they are asked for.
    ...statusFilter(status ?? (expiring === undefined ? undefined : 'active'), nowMs),
    ...(expiring === undefined
      ? {}
      : {
          expiresAfterMs: nowMs,
          expiresUntilMs: readFuture(expiring, '--expiring', nowMs),
        }),
  }
}

/** In the store, an expired key is an active one whose time is over. */
function statusFilter(status: KeyStatus | undefined, nowMs: number): Filters {
  switch (status) {
    case undefined:
      return {}
    case 'active':
      return { status, expiresAfterMs: nowMs }
    case 'expired':
      return { status: 'active', expiresUntilMs: nowMs }
    default:
      return { status }
  }
}

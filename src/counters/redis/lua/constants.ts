/**
 * Names in the Lua of this folder that stand for a value. They are replaced when the script is put
 * together: a local of Lua would cost each run time for each function that mentions it.
 */
import { BUCKET, BURST, FIXED, SLIDING } from '../../../core/limits/plan.ts'

/** Ms that a place in flight lasts without being renewed. */
const PLACE_LEASE_MS = 60_000
/** Ms that a key's version is kept after it changed: longer than any cache goes without a look. */
const VERSION_LIFETIME_MS = 86_400_000

/**
 * A state: what only one run knows, then what is kept (its bytes are `STATE_FORMAT`), then four numbers
 * for each limit. Of a window's four, the first is where it begins; the others have names.
 */
const STATE = {
  ...{ KEY: 1, START: 2, FRESH: 3, TEXT: 4, CHANGED: 5, REWRITE: 6, WRITTEN: 7 },
  ...{ PLAN: 8, DESCRIPTION: 9, IN_FLIGHT: 10 },
  ...{
    WIDTH: 12,
    LIMITS: 13,
    SIGNATURE: 15,
    COUNT: 16,
    FIRST: 17,
    NEWEST: 18,
    BASE: 19,
    EXPIRES: 20,
  },
  /** The sorted set keeps these in places that only the ring needs. */
  ...{ METERS_KEY: 2, NAMES: 4 },
}
const WINDOW = { OLDEST: 1, BEGAN: 2, USED: 3 }

/** A state of spend: what is kept (its bytes are `SPEND_FORMAT`), then what only one run knows. */
const SPEND = {
  ...{ SEEDED_AT: 1, LATEST: 2, MONTH_FROM: 3, MONTH_TILL: 4 },
  ...{ MINUTE_SUM: 5, DAY_SUM: 7, MONTH_SUM: 9 },
  ...{ OLDEST_SECOND: 11, OLDEST_MINUTE: 12, READ_AT: 13, PRUNED_AT: 14, GONE_AT: 15 },
  ...{ SPEND_KEY: 16, SLICES: 17, HOLDS: 18, SPEND_CHANGED: 19, ALL_READ: 20 },
  ...{ SETTLED_KEY: 21, SETTLED: 22, READ_ID: 23, READ_HOLD: 24, FREES: 25 },
  SPEND_FORMAT: "'<ddddddddddddddd'",
  SPEND_BYTES: 120,
  /** The sum of window w (1 minute, 2 day, 3 month) and unit u is at this + 2w + u. */
  SPEND_SUMS: 3,
  ...{ SECOND: 1000, MINUTE: 60_000, HOUR: 3_600_000, DAY: 86_400_000 },
  /** More hours than a day touches. */
  HOURS: 26,
  /** Slices that are read, and fields that are written, by one command. */
  ...{ SLICES_AT_ONCE: 64, SPEND_PART: 1000 },
  /** A hold is not in a seed for certain when it was taken less than so many ms before the ledger was read. */
  SEED_SLACK: 1000,
  /** A seed that was read so many ms ago is not taken any more. */
  OUTDATED: 5000,
  /** After so many ms a settlement is in the ledger, and no seed that is taken tells of its hold any more. */
  KEEP_SETTLED: 10_000,
  /** The set of settlements is gone so many ms after the last one. */
  SETTLED_LIFETIME: 60_000,
  /** First byte of the names of holds: h. What a hold has beyond so many bytes says that the ledger knows it. */
  ...{ HOLD_BYTE: 104, HOLD_LENGTH: 24 },
  /** A hash is kept for at least so many ms after it was written; its lifetime is renewed a few times a day. */
  ...{ SPEND_IDLE: 90_000_000, SPEND_LIFETIME: 108_000_000 },
}

const CONSTANTS: Readonly<Record<string, number | string>> = {
  ...{ SLIDING, BURST, BUCKET, FIXED },
  ...STATE,
  ...WINDOW,
  ...SPEND,
  /** When a burst began that never did. */
  NEVER: '-1e300',
  /** Corrections above the quota fill a meter up to so many quotas. */
  FULLEST: 2,
  VERSION: 1,
  STATE_BYTES: 40,
  STATE_FORMAT: "'<BBBBI4I4I4ddd'",
  /** Units that are looked at in one read. */
  CHUNK: 32,
  /** After so many new units it is looked whether old ones can go. */
  SWEEP: 64,
  LAST_OFFSET: 2 ** 32 - 1,
  CHARGE: 6,
  PLACE_LEASE: PLACE_LEASE_MS,
  VERSION_LIFETIME: VERSION_LIFETIME_MS,
}

/** The Lua text with values in place of names. */
export const withConstants = (lua: string): string =>
  lua.replace(/\b[A-Z][A-Z_]+\b/g, (name) => String(CONSTANTS[name] ?? name))

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

const CONSTANTS: Readonly<Record<string, number | string>> = {
  ...{ SLIDING, BURST, BUCKET, FIXED },
  ...STATE,
  ...WINDOW,
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

/** Checks of two windows on one key by Lockgate's Redis counters, for the Redis benches. */
import type { Redis } from 'ioredis'
import type { Limit } from '../src/core/limits/limit.ts'
import { type CountersForm, createRedisCounters, fromIoredis } from '../src/counters/redis/index.ts'
import { KeyNames } from '../src/counters/redis/key-names.ts'

const DAY_MS = 86_400_000
/** No bench asks one key so often that it is refused. */
const QUOTA = 100_000

/** A day and a shorter window, on one key. */
export type Windows = readonly [Limit, Limit]

export const MINUTE_AND_DAY = windows('minute', 60_000)
/** For what must not change while a bench runs: nothing leaves a window. */
export const HOUR_AND_DAY = windows('hour', 3_600_000)
/** As minute and day are once a minute has passed: at each check something leaves the shorter window. */
export const SECOND_AND_DAY = windows('second', 1_000)

function windows(name: string, windowMs: number): Windows {
  const rest = { quota: QUOTA, algorithm: 'sliding-window' } as const
  return Object.freeze([
    { name, windowMs, ...rest },
    { name: 'day', windowMs: DAY_MS, ...rest },
  ] as const)
}

/** A check of the key of that number. Rejects when it is refused. */
export type Check = (key: number) => Promise<void>

const PREFIX = 'bench'

/** Names hold the number of the key with eight digits, whoever makes them. */
export const subjectOf = (key: number): string => `k${String(key).padStart(8, '0')}`

const names = new KeyNames(PREFIX, 'ring')

/** What the ring of the key of that number is called on the server. */
export const ringName = (key: number): string => names.admissions(subjectOf(key))

export interface LockgateOptions {
  readonly form: CountersForm
  readonly limits: Windows
  readonly senders?: number
}

/**
 * As the product sends: the checks of one turn of the event loop share a run of the script. With more
 * than one `sender` they take turns, so that checks that come together do not meet in one.
 */
export function lockgateChecks(client: Redis, options: LockgateOptions): Check {
  const { form, limits, senders = 1 } = options
  const connection = fromIoredis(client)
  const all = Array.from({ length: senders }, () =>
    createRedisCounters({ connection, form, keyPrefix: PREFIX }),
  )
  let turn = 0
  return async (key) => {
    const counters = all[turn++ % senders]
    const charge = { subject: subjectOf(key), limits, cost: 1 }
    const outcome = await counters?.consume({ charges: [charge] })
    if (outcome?.kind !== 'admitted') throw new Error(`a check was ${outcome?.kind}`)
  }
}

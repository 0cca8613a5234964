/** Checks of minute + day on one key by Lockgate's Redis counters, for the Redis benches. */
import type { Redis } from 'ioredis'
import { type CountersForm, createRedisCounters, fromIoredis } from '../src/counters/redis/index.ts'
import { KeyNames } from '../src/counters/redis/key-names.ts'

/** No bench asks one key so often that it is refused. */
export const LIMITS = Object.freeze([
  { name: 'minute', quota: 100_000, windowMs: 60_000, algorithm: 'sliding-window' },
  { name: 'day', quota: 100_000, windowMs: 86_400_000, algorithm: 'sliding-window' },
] as const)

/** A check of the key of that number. Rejects when it is refused. */
export type Check = (key: number) => Promise<void>

const PREFIX = 'bench'

/** Names hold the number of the key with eight digits, whoever makes them. */
export const subjectOf = (key: number): string => `k${String(key).padStart(8, '0')}`

const names = new KeyNames(PREFIX, 'ring')

/** What the ring of the key of that number is called on the server. */
export const ringName = (key: number): string => names.admissions(subjectOf(key))

/**
 * As the product sends: the checks of one turn of the event loop share a run of the script. With more
 * than one `sender` they take turns, so that checks that come together do not meet in one.
 */
export function lockgateChecks(client: Redis, form: CountersForm, senders = 1): Check {
  const connection = fromIoredis(client)
  const all = Array.from({ length: senders }, () =>
    createRedisCounters({ connection, form, keyPrefix: PREFIX }),
  )
  let turn = 0
  return async (key) => {
    const counters = all[turn++ % senders]
    const charge = { subject: subjectOf(key), limits: LIMITS, cost: 1 }
    const outcome = await counters?.consume({ charges: [charge] })
    if (outcome?.kind !== 'admitted') throw new Error(`a check was ${outcome?.kind}`)
  }
}

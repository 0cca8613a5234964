/**
 * GitHub's public keys, fetched when a report needs one and remembered by their identifiers.
 *
 * One fetch at a time and at most one a minute, whatever arrives: an identifier that is not in a list
 * of the last minute is unknown. A known one is looked up afresh once an hour, so that a key that
 * GitHub withdrew goes; while GitHub cannot be asked, what was known stays. Where nothing can be said
 * the report is neither accepted nor refused: `auth_unavailable`.
 */
import type { KeyObject } from 'node:crypto'
import { z } from 'zod'
import { LockgateError } from '../../../core/errors.ts'
import type { Logger } from '../../../core/ports/logger.ts'
import { fetchBounded } from './fetch-bounded.ts'
import { readPublicKey } from './signature.ts'

const FETCH_EVERY_MS = 60_000
const FRESH_FOR_MS = 60 * 60_000

const KEY_LIST = z.object({
  public_keys: z.array(z.object({ key_identifier: z.string(), key: z.string() })).max(1_000),
})

export interface PublicKeys {
  /** undefined: GitHub has no such key. Rejects with `auth_unavailable` where it could not be asked. */
  find(keyIdentifier: string): Promise<KeyObject | undefined>
}

export interface PublicKeysOptions {
  readonly url: string
  readonly log: Logger
  /** Any scale that never goes backwards. */
  readonly monotonicMs: () => number
}

export function createPublicKeys({ url, log, monotonicMs }: PublicKeysOptions): PublicKeys {
  let keys: ReadonlyMap<string, KeyObject> = new Map()
  let triedAtMs = Number.NEGATIVE_INFINITY
  let fetchedAtMs = Number.NEGATIVE_INFINITY
  let underWay: Promise<void> | undefined

  async function refresh(): Promise<void> {
    triedAtMs = monotonicMs()
    const startedAtMs = triedAtMs
    try {
      keys = readKeyList(await fetchBounded(url))
      fetchedAtMs = startedAtMs
    } catch (error) {
      log.error({ err: error, url }, "GitHub's public keys could not be fetched")
    } finally {
      underWay = undefined
    }
  }

  return Object.freeze({
    async find(keyIdentifier) {
      const ageMs = monotonicMs() - fetchedAtMs
      const known = keys.get(keyIdentifier)
      if (known !== undefined && ageMs < FRESH_FOR_MS) return known
      if (underWay === undefined && monotonicMs() - triedAtMs >= FETCH_EVERY_MS) {
        underWay = refresh()
      }
      await underWay
      const found = keys.get(keyIdentifier)
      // The newest attempt brought no list, so nothing is known of a name that is not in the old one.
      if (found === undefined && fetchedAtMs !== triedAtMs) throw unavailable()
      return found
    },
  } satisfies PublicKeys)
}

const unavailable = (): LockgateError =>
  new LockgateError(
    'auth_unavailable',
    "GitHub's public keys cannot be fetched right now. Send the report again in a minute.",
  )

/** Throws where the text is no list, or holds no key that can be used. */
function readKeyList(text: string): ReadonlyMap<string, KeyObject> {
  const keys = new Map<string, KeyObject>()
  for (const { key_identifier, key } of KEY_LIST.parse(JSON.parse(text)).public_keys) {
    const publicKey = readPublicKey(key)
    if (publicKey !== undefined) keys.set(key_identifier, publicKey)
  }
  if (keys.size === 0) throw new Error('the list holds no ECDSA key on P-256')
  return keys
}

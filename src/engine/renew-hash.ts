/** A hash made with other parameters is renewed while the secret is at hand; nobody waits for it. */
import type { Counters } from '../core/ports/counters.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Store } from '../core/ports/store.ts'
import type { CachedKey } from './cached-key.ts'
import type { KeyCache } from './key-cache.ts'
import type { SecretHasher } from './secrets/hasher.ts'

export interface RenewHashParts {
  readonly store: Pick<Store, 'changeKey'>
  readonly counters: Counters
  readonly cache: KeyCache
  readonly hasher: SecretHasher
  readonly log: Logger
}

/** Never rejects: the key works with its old hash as well. */
export async function renewHash(
  { store, counters, cache, hasher, log }: RenewHashParts,
  { record }: CachedKey,
  secret: string,
): Promise<void> {
  try {
    const to = await hasher.hash(secret)
    const change = { kind: 'rehash', from: record.secretHash, to } as const
    const renewed = await store.changeKey(record.keyId, change, null)
    await counters.setKeyVersion(renewed.keyId, renewed.version)
    cache.put(renewed)
  } catch (error) {
    log.warn({ err: error, key_id: record.keyId }, 'the hash could not be renewed')
  }
}

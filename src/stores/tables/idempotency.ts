/**
 * Which key an idempotency key made. It is claimed in the transaction that makes the key; only its
 * SHA-256 is kept, for a day, counted by the creation times of the keys.
 */
import { sha256Hex } from '../../core/crypto.ts'
import { LockgateError } from '../../core/errors.ts'
import type { Idempotency, NewKey } from '../../core/ports/store.ts'
import { param, paramsFor } from './parameters.ts'
import type { IdempotencyKeysTable, SqlBuilder } from './tables.ts'

const KEPT_MS = 24 * 60 * 60 * 1000

export const claimFrom = (key: NewKey, idempotency: Idempotency) =>
  ({
    key_hash: sha256Hex(idempotency.key),
    digest: idempotency.digest,
    key_id: key.keyId,
    used_at_ms: key.createdAtMs,
  }) satisfies IdempotencyKeysTable

export const expiredBefore = (key: NewKey) => ({ used_at_ms: key.createdAtMs - KEPT_MS })

export const pruneClaims = (sql: SqlBuilder) =>
  sql.deleteFrom('idempotency_keys').where('used_at_ms', '<=', param<number>('used_at_ms'))

/** Returns nothing when it was claimed before. */
export const insertClaim = (sql: SqlBuilder) =>
  sql
    .insertInto('idempotency_keys')
    .values(paramsFor('key_hash', 'digest', 'key_id', 'used_at_ms'))
    .onConflict((conflict) => conflict.column('key_hash').doNothing())
    .returning('key_id')

export const findClaim = (sql: SqlBuilder) =>
  sql
    .selectFrom('idempotency_keys')
    .select(['digest', 'key_id'])
    .where('key_hash', '=', param<string>('key_hash'))

/** The key_id that was made then. Throws `idempotency_conflict` when something else was asked for. */
export function keyIdOfClaim(
  claim: Pick<IdempotencyKeysTable, 'digest' | 'key_id'>,
  idempotency: Idempotency,
): string {
  if (claim.digest === idempotency.digest) return claim.key_id
  throw new LockgateError('idempotency_conflict')
}

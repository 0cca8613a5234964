/** Queries of keys and owners, in the words that both dialects share. */
import type { KeyRecord } from '../../core/key/key-record.ts'
import type { KeyQuery } from '../../core/ports/store.ts'
import { checkPageSize } from './page-size.ts'
import { param, paramsFor } from './parameters.ts'
import type { SqlBuilder } from './tables.ts'

const MAX_PAGE_SIZE = 1000

const selectKeys = (sql: SqlBuilder) =>
  sql
    .selectFrom('keys')
    .innerJoin('owners', 'owners.owner_id', 'keys.owner_id')
    .selectAll('keys')
    .select(['owners.email', 'owners.external_id'])

export const findKey = (sql: SqlBuilder) =>
  selectKeys(sql).where('keys.key_id', '=', param<string>('key_id'))

/** One page, newest first, after the key `after` where one is given. Throws `invalid_parameter`. */
export function listKeys(sql: SqlBuilder, query: KeyQuery, after: KeyRecord | undefined) {
  checkPageSize(query.pageSize, MAX_PAGE_SIZE)
  let select = matching(sql, query)
  if (after !== undefined) {
    select = select.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('keys.created_at_ms', 'keys.key_id'), '<', tuple(after.createdAtMs, after.keyId)),
    )
  }
  return select
    .orderBy('keys.created_at_ms', 'desc')
    .orderBy('keys.key_id', 'desc')
    .limit(query.pageSize)
}

function matching(sql: SqlBuilder, query: KeyQuery) {
  const { ownerEmail, tier, status } = query
  const { expiresUntilMs, expiresAfterMs, usedSinceMs, unusedSinceMs, isRotated } = query
  let select = selectKeys(sql)
  if (ownerEmail !== undefined) select = select.where('email', '=', ownerEmail.toLowerCase())
  if (tier !== undefined) select = select.where('keys.tier', '=', tier)
  if (status !== undefined) select = select.where('keys.status', '=', status)
  if (expiresUntilMs !== undefined) {
    select = select.where('keys.expires_at_ms', '<=', expiresUntilMs)
  }
  if (expiresAfterMs !== undefined) {
    select = select.where(({ eb, or }) =>
      or([eb('keys.expires_at_ms', 'is', null), eb('keys.expires_at_ms', '>', expiresAfterMs)]),
    )
  }
  const usedSince = (sinceMs: number) =>
    sql
      .selectFrom('key_activity')
      .select('key_activity.key_id')
      .where('key_activity.last_used_at_ms', '>=', sinceMs)
  if (usedSinceMs !== undefined) select = select.where('keys.key_id', 'in', usedSince(usedSinceMs))
  if (unusedSinceMs !== undefined) {
    select = select.where('keys.key_id', 'not in', usedSince(unusedSinceMs))
  }
  if (isRotated !== undefined) {
    select = select.where(({ exists, not, selectFrom }) => {
      const successor = exists(
        selectFrom('keys as newer')
          .select('newer.key_id')
          .whereRef('newer.rotated_from', '=', 'keys.key_id'),
      )
      return isRotated ? successor : not(successor)
    })
  }
  return select
}

/** The newest key that was made in place of this one. */
export const findSuccessor = (sql: SqlBuilder) =>
  sql
    .selectFrom('keys')
    .select('key_id')
    .where('rotated_from', '=', param<string>('key_id'))
    .orderBy('created_at_ms', 'desc')
    .orderBy('key_id', 'desc')
    .limit(1)

/** An owner has one external id: the newest that was given. */
export const putOwner = (sql: SqlBuilder) =>
  sql
    .insertInto('owners')
    .values(paramsFor('email', 'external_id'))
    .onConflict((conflict) =>
      conflict.column('email').doUpdateSet(({ fn, ref }) => ({
        external_id: fn.coalesce(ref('excluded.external_id'), ref('owners.external_id')),
      })),
    )
    .returning('owner_id')

/** Returns nothing when the key_id is taken. */
export const insertKey = (sql: SqlBuilder) =>
  sql
    .insertInto('keys')
    .values(
      paramsFor(
        ...(['key_id', 'owner_id', 'name', 'tier', 'scopes', 'mode', 'secret_hash'] as const),
        ...(['status', 'created_at_ms', 'expires_at_ms', 'revoked_at_ms', 'version'] as const),
        ...(['limit_overrides', 'allowed_addresses', 'rotated_from'] as const),
      ),
    )
    .onConflict((conflict) => conflict.column('key_id').doNothing())
    .returning('key_id')

export const updateKey = (sql: SqlBuilder) =>
  sql
    .updateTable('keys')
    .set(paramsFor('secret_hash', 'status', 'expires_at_ms', 'revoked_at_ms', 'version'))
    .where('key_id', '=', param<string>('key_id'))

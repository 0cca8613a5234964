/** Queries of one-click links and their tokens, in the words that both dialects share. */
import { param, paramsFor } from './parameters.ts'
import type { SqlBuilder } from './tables.ts'

/** Tokens that one call may remove. */
const PRUNED_AT_ONCE = 100

export const insertLink = (sql: SqlBuilder) =>
  sql
    .insertInto('links')
    .values(
      paramsFor(
        ...(['link_id', 'key_id', 'purpose', 'created_at_ms', 'closed_at_ms'] as const),
        ...(['replacement_key_id', 'suspended_version'] as const),
      ),
    )

export const findLink = (sql: SqlBuilder) =>
  sql.selectFrom('links').selectAll().where('link_id', '=', param<string>('link_id'))

/** Oldest first. */
export const linksOfKey = (sql: SqlBuilder) =>
  sql
    .selectFrom('links')
    .selectAll()
    .where('key_id', '=', param<string>('key_id'))
    .orderBy('created_at_ms')
    .orderBy('link_id')

export const closeLink = (sql: SqlBuilder) =>
  sql
    .updateTable('links')
    .set(paramsFor('closed_at_ms', 'replacement_key_id'))
    .where('link_id', '=', param<string>('link_id'))

/** Those of leaks stay: they tell that a leak was reported before. */
export const pruneSuspicions = (sql: SqlBuilder) =>
  sql
    .deleteFrom('links')
    .where('key_id', '=', param<string>('key_id'))
    .where('purpose', '=', 'suspicious')
    .where('created_at_ms', '<=', param<number>('forgotten_ms'))

export const linkPage = (sql: SqlBuilder) =>
  sql
    .selectFrom('links')
    .selectAll()
    .where('link_id', '>', param<string>('after'))
    .orderBy('link_id')
    .limit(param<number>('page_size'))

export const insertToken = (sql: SqlBuilder) =>
  sql.insertInto('link_tokens').values(paramsFor('token_hash', 'link_id', 'expires_at_ms'))

export const findToken = (sql: SqlBuilder) =>
  sql
    .selectFrom('link_tokens')
    .innerJoin('links', 'links.link_id', 'link_tokens.link_id')
    .selectAll('links')
    .select('link_tokens.expires_at_ms')
    .where('token_hash', '=', param<string>('token_hash'))

export const tokensOfLink = (sql: SqlBuilder) =>
  sql
    .selectFrom('link_tokens')
    .selectAll()
    .where('link_id', '=', param<string>('link_id'))
    .orderBy('expires_at_ms')
    .orderBy('token_hash')

export const pruneTokens = (sql: SqlBuilder) =>
  sql
    .deleteFrom('link_tokens')
    .where('token_hash', 'in', (eb) =>
      eb
        .selectFrom('link_tokens')
        .select('token_hash')
        .where('expires_at_ms', '<=', param<number>('forgotten_ms'))
        .orderBy('expires_at_ms')
        .limit(PRUNED_AT_ONCE),
    )

/** Which rows of spend belong to a scope: an owner's and a tier's are those of their keys. */
import { type RawBuilder, sql as raw } from 'kysely'
import type { SpendScope } from '../../core/spend/caps.ts'
import { param } from './parameters.ts'
import type { SqlBuilder } from './tables.ts'

type Text = RawBuilder<string> | string

/** A condition on a table with a `key_id`. */
export function inScope(
  sql: SqlBuilder,
  kind: SpendScope['kind'],
  id: Text = param<string>('scope_id'),
): RawBuilder<boolean> {
  switch (kind) {
    case 'key':
      return raw<boolean>`key_id = ${id}`
    case 'owner':
      return raw<boolean>`key_id in ${keys(sql)
        .innerJoin('owners', 'owners.owner_id', 'keys.owner_id')
        .where('owners.email', '=', id)}`
    case 'tier':
      return raw<boolean>`key_id in ${keys(sql).where('keys.tier', '=', id)}`
    case 'account':
      return raw<boolean>`1 = 1`
  }
}

const keys = (sql: SqlBuilder) => sql.selectFrom('keys').select('keys.key_id')

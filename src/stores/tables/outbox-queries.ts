/** Queries of mail that waits or waited, in the words that both dialects share. */
import { param, paramsFor } from './parameters.ts'
import type { SqlBuilder } from './tables.ts'

/** Mails that one call may forget. */
const PRUNED_AT_ONCE = 100

/** Returns nothing when the name was used before. */
export const insertMail = (sql: SqlBuilder) =>
  sql
    .insertInto('outbox')
    .values(
      paramsFor(
        ...(['name', 'kind', 'recipient', 'audience', 'key_id', 'link_id', 'details'] as const),
        ...(['created_at_ms', 'due_at_ms', 'attempts', 'state', 'problem'] as const),
        'settled_at_ms',
      ),
    )
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning('name')

/** Oldest first. */
export const dueMail = (sql: SqlBuilder) =>
  sql
    .selectFrom('outbox')
    .selectAll()
    .where('state', '=', 'waiting')
    .where('due_at_ms', '<=', param<number>('now_ms'))
    .orderBy('created_at_ms')
    .orderBy('name')
    .limit(param<number>('count'))

/** It is due again when the lease is over. */
export const takeMail = (sql: SqlBuilder) =>
  sql
    .updateTable('outbox')
    .set((eb) => ({
      due_at_ms: param<number>('lease_until_ms'),
      attempts: eb('attempts', '+', 1),
    }))
    .where('name', '=', param<string>('name'))

export const settleMail = (sql: SqlBuilder) =>
  sql
    .updateTable('outbox')
    .set((eb) => ({
      ...paramsFor('state', 'problem', 'settled_at_ms'),
      due_at_ms: eb.fn.coalesce(param<number | null>('due_at_ms'), 'due_at_ms'),
    }))
    .where('name', '=', param<string>('name'))
    .where('attempts', '=', param<number>('attempts'))
    .where('state', '=', 'waiting')

/** A row for each state that has mails, those that were sent left out. */
export const mailQueue = (sql: SqlBuilder) =>
  sql
    .selectFrom('outbox')
    .select(({ fn }) => [
      'state',
      fn.countAll<number>().as('mails'),
      fn.min<number>('created_at_ms').as('oldest_ms'),
    ])
    .where('state', 'in', ['waiting', 'failed'])
    .groupBy('state')

export const mailPage = (sql: SqlBuilder) =>
  sql
    .selectFrom('outbox')
    .selectAll()
    .where('name', '>', param<string>('after'))
    .orderBy('name')
    .limit(param<number>('page_size'))

export const pruneMail = (sql: SqlBuilder) =>
  sql
    .deleteFrom('outbox')
    .where('name', 'in', (eb) =>
      eb
        .selectFrom('outbox')
        .select('name')
        .where('settled_at_ms', '<=', param<number>('forgotten_ms'))
        .orderBy('settled_at_ms')
        .limit(PRUNED_AT_ONCE),
    )

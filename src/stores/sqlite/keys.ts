/** The tables of keys and owners. Every method runs inside a transaction or read of its caller. */
import { LockgateError } from '../../core/errors.ts'
import type { KeyRecord } from '../../core/key/key-record.ts'
import type { KeyChange, KeyQuery, NewKey } from '../../core/ports/store.ts'
import type { Connection } from './connection.ts'
import { changedKey, retiredKey } from './key-change.ts'
import { type KeyRow, keyFromRow, rowFromKey } from './key-row.ts'
import { checkPageSize } from './page-size.ts'
import { param, paramsFor, type Statement } from './statement.ts'
import { tables } from './tables.ts'

const MAX_PAGE_SIZE = 1000

const selectKeys = tables
  .selectFrom('keys')
  .innerJoin('owners', 'owners.owner_id', 'keys.owner_id')
  .selectAll('keys')
  .select(['owners.email', 'owners.external_id'])

export class Keys {
  readonly #connection: Connection
  readonly #find: Statement<KeyRow>
  readonly #putOwner: Statement<{ owner_id: number }>
  readonly #insert: Statement<unknown>
  readonly #update: Statement<unknown>

  constructor(connection: Connection) {
    this.#connection = connection
    this.#find = connection.prepare(findQuery())
    this.#putOwner = connection.prepare(putOwnerQuery())
    this.#insert = connection.prepare(insertQuery())
    this.#update = connection.prepare(updateQuery())
  }

  find(keyId: string): KeyRecord | undefined {
    const row = this.#find.get({ key_id: keyId })
    return row === undefined ? undefined : keyFromRow(row)
  }

  /** Returns the record as it reads back. Throws `conflict` when the key_id is taken. */
  insert(key: NewKey): KeyRecord {
    if (this.find(key.keyId) !== undefined) {
      throw new LockgateError('conflict', `there is a key ${key.keyId} already`)
    }
    const owner = { email: key.owner.email.toLowerCase(), external_id: key.owner.externalId }
    const ownerId = this.#putOwner.get(owner)?.owner_id ?? 0
    const record: KeyRecord = { ...key, version: 1, status: 'active', revokedAtMs: null }
    this.#insert.run(rowFromKey(record, ownerId))
    return this.#require(key.keyId)
  }

  /** Throws `not_found` or `conflict`. The same version as before means that nothing changed. */
  change(keyId: string, change: KeyChange): { before: KeyRecord; after: KeyRecord } {
    const before = this.#require(keyId)
    const changed = changedKey(before, change)
    return { before, after: changed === before ? before : this.#write(changed) }
  }

  rotate(keyId: string, replacement: NewKey, graceEndsAtMs: number) {
    const old = this.#write(retiredKey(this.#require(keyId), graceEndsAtMs))
    return { old, replacement: this.insert(replacement) }
  }

  list(query: KeyQuery): KeyRecord[] {
    checkPageSize(query.pageSize, MAX_PAGE_SIZE)
    const { ownerEmail, tier, status, after } = query
    let select = selectKeys
    if (ownerEmail !== undefined) select = select.where('email', '=', ownerEmail.toLowerCase())
    if (tier !== undefined) select = select.where('keys.tier', '=', tier)
    if (status !== undefined) select = select.where('keys.status', '=', status)
    if (after !== undefined) {
      const { createdAtMs, keyId } = this.#cursor(after)
      select = select.where(({ eb, refTuple, tuple }) =>
        eb(refTuple('keys.created_at_ms', 'keys.key_id'), '<', tuple(createdAtMs, keyId)),
      )
    }
    const newestFirst = select.orderBy('keys.created_at_ms', 'desc').orderBy('keys.key_id', 'desc')
    return this.#connection.all(newestFirst.limit(query.pageSize).compile()).map(keyFromRow)
  }

  #cursor(keyId: string): KeyRecord {
    const key = this.find(keyId)
    if (key !== undefined) return key
    throw new LockgateError('invalid_parameter', 'the cursor is not the key_id of a known key')
  }

  #write(key: KeyRecord): KeyRecord {
    this.#update.run(rowFromKey(key, 0))
    return this.#require(key.keyId)
  }

  #require(keyId: string): KeyRecord {
    const key = this.find(keyId)
    if (key !== undefined) return key
    throw new LockgateError('not_found', `there is no key ${keyId}`)
  }
}

const findQuery = () => selectKeys.where('keys.key_id', '=', param<string>('key_id')).compile()

/** An owner has one external id: the newest that was given. */
const putOwnerQuery = () =>
  tables
    .insertInto('owners')
    .values(paramsFor('email', 'external_id'))
    .onConflict((conflict) =>
      conflict.column('email').doUpdateSet(({ fn, ref }) => ({
        external_id: fn.coalesce(ref('excluded.external_id'), ref('owners.external_id')),
      })),
    )
    .returning('owner_id')
    .compile()

const insertQuery = () =>
  tables
    .insertInto('keys')
    .values(
      paramsFor(
        ...(['key_id', 'owner_id', 'name', 'tier', 'scopes', 'mode', 'secret_hash'] as const),
        ...(['status', 'created_at_ms', 'expires_at_ms', 'revoked_at_ms', 'version'] as const),
        ...(['limit_overrides', 'allowed_addresses', 'rotated_from'] as const),
      ),
    )
    .compile()

const updateQuery = () =>
  tables
    .updateTable('keys')
    .set(paramsFor('secret_hash', 'status', 'expires_at_ms', 'revoked_at_ms', 'version'))
    .where('key_id', '=', param<string>('key_id'))
    .compile()

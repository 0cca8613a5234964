/** The tables of keys and owners. Every method runs inside a transaction or read of its caller. */
import { changedKey, retiredKey } from '../../core/key/key-change.ts'
import type { KeyRecord } from '../../core/key/key-record.ts'
import type { Idempotency, KeyChange, KeyQuery, NewKey } from '../../core/ports/store.ts'
import {
  claimFrom,
  expiredBefore,
  findClaim,
  insertClaim,
  keyIdOfClaim,
  pruneClaims,
} from '../tables/idempotency.ts'
import { keyTaken, noSuchKey, refuseSuccessor, unknownCursor } from '../tables/key-errors.ts'
import {
  findKey,
  findSuccessor,
  insertKey,
  listKeys,
  putOwner,
  updateKey,
} from '../tables/key-queries.ts'
import { type KeyRow, keyFromRow, newRecord, ownerFromKey, rowFromKey } from '../tables/key-row.ts'
import type { IdempotencyKeysTable } from '../tables/tables.ts'
import type { Connection } from './connection.ts'
import { sqlite } from './sql.ts'
import type { Statement } from './statement.ts'

export class Keys {
  readonly #connection: Connection
  readonly #find: Statement<KeyRow>
  readonly #findSuccessor: Statement<{ key_id: string }>
  readonly #putOwner: Statement<{ owner_id: number }>
  readonly #insert: Statement<{ key_id: string }>
  readonly #update: Statement<unknown>
  readonly #pruneClaims: Statement<unknown>
  readonly #insertClaim: Statement<{ key_id: string }>
  readonly #findClaim: Statement<Pick<IdempotencyKeysTable, 'digest' | 'key_id'>>

  constructor(connection: Connection) {
    this.#connection = connection
    this.#find = connection.prepare(findKey(sqlite).compile())
    this.#findSuccessor = connection.prepare(findSuccessor(sqlite).compile())
    this.#putOwner = connection.prepare(putOwner(sqlite).compile())
    this.#insert = connection.prepare(insertKey(sqlite).compile())
    this.#update = connection.prepare(updateKey(sqlite).compile())
    this.#pruneClaims = connection.prepare(pruneClaims(sqlite).compile())
    this.#insertClaim = connection.prepare(insertClaim(sqlite).compile())
    this.#findClaim = connection.prepare(findClaim(sqlite).compile())
  }

  find(keyId: string): KeyRecord | undefined {
    const row = this.#find.get({ key_id: keyId })
    return row === undefined ? undefined : keyFromRow(row)
  }

  /** Returns the record as it reads back. Throws `conflict` when the key_id is taken. */
  insert(key: NewKey): KeyRecord {
    return this.add(newRecord(key))
  }

  /** A record as it is, from another store. Throws `conflict` when the key_id is taken. */
  add(record: KeyRecord): KeyRecord {
    const ownerId = this.#putOwner.get(ownerFromKey(record))?.owner_id ?? 0
    const inserted = this.#insert.get(rowFromKey(record, ownerId))
    if (inserted === undefined) throw keyTaken(record.keyId)
    return this.require(record.keyId)
  }

  /** The key that the same request made before. Throws `idempotency_conflict`. */
  claim(key: NewKey, idempotency: Idempotency): KeyRecord | undefined {
    const claim = claimFrom(key, idempotency)
    this.#pruneClaims.run(expiredBefore(key))
    if (this.#insertClaim.get(claim) !== undefined) return undefined
    const earlier = this.#findClaim.get(claim)
    return earlier && this.require(keyIdOfClaim(earlier, idempotency))
  }

  /** Throws `not_found` or `conflict`. The same version as before means that nothing changed. */
  change(keyId: string, change: KeyChange): { before: KeyRecord; after: KeyRecord } {
    const before = this.require(keyId)
    const changed = changedKey(before, change)
    return { before, after: changed === before ? before : this.write(changed) }
  }

  /** Throws `not_found` or `conflict`. */
  rotate(keyId: string, replacement: NewKey, graceEndsAtMs: number) {
    const key = this.require(keyId)
    refuseSuccessor(keyId, this.#findSuccessor.get({ key_id: keyId }))
    const old = this.write(retiredKey(key, graceEndsAtMs))
    return { old, replacement: this.insert(replacement) }
  }

  list(query: KeyQuery): KeyRecord[] {
    const after = query.after === undefined ? undefined : this.#cursor(query.after)
    return this.#connection.all(listKeys(sqlite, query, after).compile()).map(keyFromRow)
  }

  #cursor(keyId: string): KeyRecord {
    const key = this.find(keyId)
    if (key === undefined) throw unknownCursor()
    return key
  }

  write(key: KeyRecord): KeyRecord {
    this.#update.run(rowFromKey(key, 0))
    return this.require(key.keyId)
  }

  /** Throws `not_found`. */
  require(keyId: string): KeyRecord {
    const key = this.find(keyId)
    if (key === undefined) throw noSuchKey(keyId)
    return key
  }
}

/**
 * The tables of keys and owners. Every method runs in a session of its caller; those that change
 * something, inside a transaction.
 *
 * Concurrency: a change locks the row of its key and reads it in the same step. Locks are taken in
 * the order key, owner, new key, audit log.
 */
import { sql as raw } from 'kysely'
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
import { keyFromRow, newRecord, ownerFromKey, rowFromKey } from '../tables/key-row.ts'
import type { SqlBuilder } from '../tables/tables.ts'
import type { Session } from './session.ts'

export class Keys {
  readonly #sql: SqlBuilder

  constructor(sql: SqlBuilder) {
    this.#sql = sql
  }

  async find(session: Session, keyId: string): Promise<KeyRecord | undefined> {
    const row = await session.get(findKey(this.#sql), { key_id: keyId })
    return row && keyFromRow(row)
  }

  /** Returns the record as it reads back. Throws `conflict` when the key_id is taken. */
  insert(session: Session, key: NewKey): Promise<KeyRecord> {
    return this.add(session, newRecord(key))
  }

  /** A record as it is, from another store. Throws `conflict` when the key_id is taken. */
  async add(session: Session, record: KeyRecord): Promise<KeyRecord> {
    const owner = await session.get(putOwner(this.#sql), ownerFromKey(record))
    const row = rowFromKey(record, owner?.owner_id ?? 0)
    const inserted = await session.get(insertKey(this.#sql), row)
    if (inserted === undefined) throw keyTaken(record.keyId)
    return this.require(session, record.keyId)
  }

  /**
   * The key that the same request made before. Throws `idempotency_conflict`. Of two at once the
   * second waits until the first has committed, and then finds its claim.
   */
  async claim(
    session: Session,
    key: NewKey,
    idempotency: Idempotency,
  ): Promise<KeyRecord | undefined> {
    const claim = claimFrom(key, idempotency)
    await session.all(pruneClaims(this.#sql), expiredBefore(key))
    if ((await session.get(insertClaim(this.#sql), claim)) !== undefined) return undefined
    const earlier = await session.get(findClaim(this.#sql), claim)
    return earlier && this.require(session, keyIdOfClaim(earlier, idempotency))
  }

  /** Throws `not_found` or `conflict`. The same record as before means that nothing changed. */
  async change(session: Session, keyId: string, change: KeyChange) {
    const before = await this.lock(session, keyId)
    const changed = changedKey(before, change)
    return { before, after: changed === before ? before : await this.write(session, changed) }
  }

  /** Throws `not_found` or `conflict`. */
  async rotate(session: Session, keyId: string, replacement: NewKey, graceEndsAtMs: number) {
    const key = await this.lock(session, keyId)
    refuseSuccessor(keyId, await session.get(findSuccessor(this.#sql), { key_id: keyId }))
    const old = await this.write(session, retiredKey(key, graceEndsAtMs))
    return { old, replacement: await this.insert(session, replacement) }
  }

  async list(session: Session, query: KeyQuery): Promise<KeyRecord[]> {
    const { after } = query
    const cursor = after === undefined ? undefined : await this.find(session, after)
    if (after !== undefined && cursor === undefined) throw unknownCursor()
    const rows = await session.all(listKeys(this.#sql, query, cursor))
    return rows.map(keyFromRow)
  }

  async write(session: Session, key: KeyRecord): Promise<KeyRecord> {
    await session.all(updateKey(this.#sql), rowFromKey(key, 0))
    return this.require(session, key.keyId)
  }

  /** Throws `not_found`. */
  async require(session: Session, keyId: string): Promise<KeyRecord> {
    const key = await this.find(session, keyId)
    if (key === undefined) throw noSuchKey(keyId)
    return key
  }

  /** Waits for other changes of this key and reads what they left. Throws `not_found`. */
  async lock(session: Session, keyId: string): Promise<KeyRecord> {
    const locking = findKey(this.#sql).modifyEnd(raw`for update of keys`)
    const row = await session.get(locking, { key_id: keyId })
    if (row === undefined) throw noSuchKey(keyId)
    return keyFromRow(row)
  }
}

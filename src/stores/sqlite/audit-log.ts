/**
 * The audit log: append-only rows in one hash chain per database. Every method runs inside a
 * transaction or read of its caller; the head is read in the transaction that appends, so processes
 * that share the file continue one chain. A log that was imported may have several chains, of which
 * the first by name goes on.
 */
import type { AuditEntry, AuditHead, AuditRow } from '../../core/audit.ts'
import { type ChainVerdict, ChainVerifier, chainRows } from '../../core/audit-chain.ts'
import type { AuditCheckpoint } from '../../core/ports/audit-retention.ts'
import type { AuditQuery, PositionedAuditRow } from '../../core/ports/store.ts'
import {
  auditCheckpoints,
  auditHashAt,
  auditHeads,
  auditPage,
  auditTail,
  countUntil,
  deleteUntil,
  putCheckpoint,
} from '../tables/audit-queries.ts'
import { columnsFromRow, positionedRow } from '../tables/audit-row.ts'
import { checkpointFromRow, refuseOtherRow, rowFromCheckpoint } from '../tables/checkpoint-row.ts'
import { IMPORT_PAGE_SIZE } from '../tables/import.ts'
import { param, paramsFor } from '../tables/parameters.ts'
import type { Connection } from './connection.ts'
import { sqlite } from './sql.ts'
import type { Statement } from './statement.ts'

export class AuditLog {
  readonly #connection: Connection
  readonly #heads: Statement<AuditHead>
  readonly #insert: Statement<unknown>
  readonly #moveHead: Statement<unknown>

  constructor(connection: Connection) {
    this.#connection = connection
    this.#heads = connection.prepare(auditHeads(sqlite).compile())
    this.#insert = connection.prepare(insertQuery())
    this.#moveHead = connection.prepare(moveHeadQuery())
  }

  append(entries: readonly AuditEntry[]): AuditRow[] {
    const head = this.#heads.get({})
    if (head === undefined) throw new Error('the head of the audit chain is missing')
    const rows = chainRows(head, entries)
    this.add(rows)
    const last = rows.at(-1)
    if (last !== undefined) this.#moveHead.run({ ...head, seq: last.seq, hash: last.hash })
    return rows
  }

  /** Rows as they are; the heads do not follow. */
  add(rows: readonly AuditRow[]): void {
    for (const row of rows) this.#insert.run(columnsFromRow(row))
  }

  read(query: AuditQuery): PositionedAuditRow[] {
    return this.#connection.all(auditPage(sqlite, query).compile()).map(positionedRow)
  }

  readTail(query: Omit<AuditQuery, 'afterPosition'>): PositionedAuditRow[] {
    const newestFirst = this.#connection.all(auditTail(sqlite, query).compile())
    return newestFirst.reverse().map(positionedRow)
  }

  /** A chain without rows has no newest row and is left out. */
  heads(): AuditHead[] {
    const heads = this.#heads.all({}).filter((head) => head.seq > 0)
    return heads.map(({ chain, seq, hash }) => ({ chain, seq, hash }))
  }

  /** Returns how many rows went. Throws `conflict`. */
  prune(checkpoints: readonly AuditCheckpoint[]): number {
    let pruned = 0
    for (const checkpoint of checkpoints) {
      const place = { chain: checkpoint.chain, seq: checkpoint.seq }
      const row = this.#connection.prepare(auditHashAt(sqlite).compile()).get(place)
      refuseOtherRow(checkpoint, row)
      const counted = this.#connection.prepare(countUntil(sqlite).compile()).get(place)
      pruned += counted?.rows ?? 0
      this.#connection.prepare(deleteUntil(sqlite).compile()).run(place)
    }
    this.addCheckpoints(checkpoints)
    return pruned
  }

  addCheckpoints(checkpoints: readonly AuditCheckpoint[]): void {
    const put = this.#connection.prepare(putCheckpoint(sqlite).compile())
    for (const checkpoint of checkpoints) put.run(rowFromCheckpoint(checkpoint))
  }

  checkpoints(): AuditCheckpoint[] {
    return this.#connection.all(auditCheckpoints(sqlite).compile()).map(checkpointFromRow)
  }

  /** The chain that a new database begins with has no rows; it gives way to those of another log. */
  replaceHeads(heads: readonly AuditHead[]): void {
    if (heads.length === 0) return
    this.#connection.prepare(sqlite.deleteFrom('audit_heads').compile()).run({})
    const insert = sqlite.insertInto('audit_heads').values(paramsFor('chain', 'seq', 'hash'))
    for (const head of heads) this.#connection.prepare(insert.compile()).run({ ...head })
  }

  verify(heads: readonly AuditHead[]): ChainVerdict {
    const verifier = new ChainVerifier(heads, this.checkpoints())
    let afterPosition = 0
    for (;;) {
      const page = this.read({ afterPosition, pageSize: IMPORT_PAGE_SIZE })
      for (const { row } of page) verifier.feed(row)
      const last = page.at(-1)
      if (last === undefined) return verifier.finish()
      afterPosition = last.position
    }
  }
}

const insertQuery = () =>
  sqlite
    .insertInto('audit')
    .values(
      paramsFor(
        ...(['chain', 'seq', 'at_ms', 'event', 'key_id', 'actor', 'address'] as const),
        ...(['request_id', 'details', 'count', 'previous_hash', 'hash'] as const),
      ),
    )
    .compile()

const moveHeadQuery = () =>
  sqlite
    .updateTable('audit_heads')
    .set(paramsFor('seq', 'hash'))
    .where('chain', '=', param<string>('chain'))
    .compile()

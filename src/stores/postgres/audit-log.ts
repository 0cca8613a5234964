/**
 * The audit log: append-only rows in one hash chain per writing instance. Every method runs in a
 * session of its caller; those that write, inside a transaction.
 */
import { sql as raw } from 'kysely'
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
import { Chains } from './chains.ts'
import type { Session } from './session.ts'
import { LOCK_FAMILY, type Sql } from './sql.ts'

const AUDIT_LOCK = 1
/** A statement takes at most 65,535 parameters; a row has twelve. */
const ROWS_AT_ONCE = 500

export class AuditLog {
  readonly #sql: Sql
  readonly #chains: Chains

  constructor(sql: Sql, chainLeaseMs: number) {
    this.#sql = sql
    this.#chains = new Chains(sql, chainLeaseMs)
  }

  /**
   * The last thing that a transaction does. All appends of all instances take one lock, which they
   * keep until they have committed, before they draw a position. Otherwise a row could become visible
   * after one with a larger position, and whoever follows the log by its positions would miss it.
   */
  async append(session: Session, entries: readonly AuditEntry[]): Promise<AuditRow[]> {
    if (entries.length === 0) return []
    await session.run(`select pg_advisory_xact_lock(${LOCK_FAMILY}, ${AUDIT_LOCK})`)
    const rows = chainRows(await this.#chains.head(session), entries)
    await this.add(session, rows)
    const last = rows.at(-1)
    if (last !== undefined) {
      await this.#chains.moveHead(session, { chain: last.chain, seq: last.seq, hash: last.hash })
    }
    return rows
  }

  /** Rows as they are; the heads do not follow. */
  async add(session: Session, rows: readonly AuditRow[]): Promise<void> {
    for (let start = 0; start < rows.length; start += ROWS_AT_ONCE) {
      const columns = rows.slice(start, start + ROWS_AT_ONCE).map(columnsFromRow)
      await session.all(this.#sql.shared.insertInto('audit').values(columns))
    }
  }

  async read(session: Session, query: AuditQuery): Promise<PositionedAuditRow[]> {
    return (await session.all(auditPage(this.#sql.shared, query))).map(positionedRow)
  }

  async readTail(
    session: Session,
    query: Omit<AuditQuery, 'afterPosition'>,
  ): Promise<PositionedAuditRow[]> {
    const newestFirst = await session.all(auditTail(this.#sql.shared, query))
    return newestFirst.reverse().map(positionedRow)
  }

  async heads(session: Session): Promise<AuditHead[]> {
    const heads = await session.all(auditHeads(this.#sql.shared))
    return heads.filter((head) => head.seq > 0)
  }

  /**
   * Returns how many rows went. Throws `conflict`. Of two at once, the second waits for the row of the
   * checkpoint and then does not find it.
   */
  async prune(session: Session, checkpoints: readonly AuditCheckpoint[]): Promise<number> {
    const { shared } = this.#sql
    let pruned = 0
    for (const checkpoint of checkpoints) {
      const place = { chain: checkpoint.chain, seq: checkpoint.seq }
      const locking = auditHashAt(shared).modifyEnd(raw`for update`)
      refuseOtherRow(checkpoint, await session.get(locking, place))
      pruned += (await session.get(countUntil(shared), place))?.rows ?? 0
      await session.all(deleteUntil(shared), place)
    }
    await this.addCheckpoints(session, checkpoints)
    return pruned
  }

  async addCheckpoints(session: Session, checkpoints: readonly AuditCheckpoint[]): Promise<void> {
    for (const checkpoint of checkpoints) {
      await session.all(putCheckpoint(this.#sql.shared), rowFromCheckpoint(checkpoint))
    }
  }

  async checkpoints(session: Session): Promise<AuditCheckpoint[]> {
    return (await session.all(auditCheckpoints(this.#sql.shared))).map(checkpointFromRow)
  }

  /** Heads of a log from another store, for whoever appends next. */
  async addHeads(session: Session, heads: readonly AuditHead[]): Promise<void> {
    for (const { chain, seq, hash } of heads) {
      const free = { chain, seq, hash, holder: null, held_until_ms: 0 }
      await session.all(this.#sql.own.insertInto('audit_heads').values(free))
    }
  }

  async verify(session: Session, heads: readonly AuditHead[]): Promise<ChainVerdict> {
    const verifier = new ChainVerifier(heads, await this.checkpoints(session))
    let afterPosition = 0
    for (;;) {
      const page = await this.read(session, { afterPosition, pageSize: IMPORT_PAGE_SIZE })
      for (const { row } of page) verifier.feed(row)
      const last = page.at(-1)
      if (last === undefined) return verifier.finish()
      afterPosition = last.position
    }
  }

  /** Lets go of this instance's chain. */
  letGo(session: Session): Promise<void> {
    return this.#chains.letGo(session)
  }
}

/**
 * The audit log: append-only rows in one hash chain per database. Every method runs inside a
 * transaction or read of its caller; the head is read in the transaction that appends, so processes
 * that share the file continue one chain.
 */
import type { AuditDetails, AuditEntry, AuditEvent, AuditHead, AuditRow } from '../../core/audit.ts'
import { canonicalDetails, chainRows } from '../../core/audit-chain.ts'
import type { AuditQuery, PositionedAuditRow } from '../../core/ports/store.ts'
import type { Connection } from './connection.ts'
import { checkPageSize } from './page-size.ts'
import { param, paramsFor, type Statement } from './statement.ts'
import { type AuditTable, tables } from './tables.ts'

const MAX_PAGE_SIZE = 10_000

type StoredRow = Omit<AuditTable, 'position'> & { position: number }

export class AuditLog {
  readonly #connection: Connection
  readonly #head: Statement<AuditHead>
  readonly #insert: Statement<unknown>
  readonly #moveHead: Statement<unknown>

  constructor(connection: Connection) {
    this.#connection = connection
    this.#head = connection.prepare(headQuery())
    this.#insert = connection.prepare(insertQuery())
    this.#moveHead = connection.prepare(moveHeadQuery())
  }

  append(entries: readonly AuditEntry[]): AuditRow[] {
    const head = this.#head.get({})
    if (head === undefined) throw new Error('the head of the audit chain is missing')
    const rows = chainRows(head, entries)
    for (const row of rows) this.#insert.run(columnsOf(row))
    const last = rows.at(-1)
    if (last !== undefined) this.#moveHead.run({ ...head, seq: last.seq, hash: last.hash })
    return rows
  }

  read(query: AuditQuery): PositionedAuditRow[] {
    const { afterPosition } = query
    let select = matching(query).orderBy('position', 'asc')
    if (afterPosition !== undefined) select = select.where('position', '>', afterPosition)
    return this.#connection.all(select.compile()).map(positionedRow)
  }

  readTail(query: Omit<AuditQuery, 'afterPosition'>): PositionedAuditRow[] {
    const newestFirst = matching(query).orderBy('position', 'desc').compile()
    return this.#connection.all(newestFirst).reverse().map(positionedRow)
  }

  /** A chain without rows has no newest row and is left out. */
  heads(): AuditHead[] {
    const heads = this.#head.all({}).filter((head) => head.seq > 0)
    return heads.map(({ chain, seq, hash }) => ({ chain, seq, hash }))
  }
}

function matching({ keyId, event, events, sinceMs, pageSize }: AuditQuery) {
  checkPageSize(pageSize, MAX_PAGE_SIZE)
  let select = tables.selectFrom('audit').selectAll().limit(pageSize)
  if (keyId !== undefined) select = select.where('key_id', '=', keyId)
  if (event !== undefined) select = select.where('event', '=', event)
  if (events !== undefined) select = select.where('event', 'in', events)
  if (sinceMs !== undefined) select = select.where('at_ms', '>=', sinceMs)
  return select
}

const headQuery = () => tables.selectFrom('audit_heads').select(['chain', 'seq', 'hash']).compile()

const insertQuery = () =>
  tables
    .insertInto('audit')
    .values(
      paramsFor(
        ...(['chain', 'seq', 'at_ms', 'event', 'key_id', 'actor', 'address'] as const),
        ...(['request_id', 'details', 'count', 'previous_hash', 'hash'] as const),
      ),
    )
    .compile()

const moveHeadQuery = () =>
  tables
    .updateTable('audit_heads')
    .set(paramsFor('seq', 'hash'))
    .where('chain', '=', param<string>('chain'))
    .compile()

function columnsOf(row: AuditRow) {
  return {
    chain: row.chain,
    seq: row.seq,
    at_ms: row.atMs,
    event: row.event,
    key_id: row.keyId,
    actor: row.actor,
    address: row.address,
    request_id: row.requestId,
    details: canonicalDetails(row.details),
    count: row.count,
    previous_hash: row.previousHash,
    hash: row.hash,
  } satisfies Omit<AuditTable, 'position'>
}

function positionedRow(stored: StoredRow): PositionedAuditRow {
  const row: AuditRow = {
    chain: stored.chain,
    seq: stored.seq,
    atMs: stored.at_ms,
    // An event that is not in the list was edited; the chain shows it.
    event: stored.event as AuditEvent,
    keyId: stored.key_id,
    actor: stored.actor,
    address: stored.address,
    requestId: stored.request_id,
    details: detailsFrom(stored.details),
    count: stored.count,
    previousHash: stored.previous_hash,
    hash: stored.hash,
  }
  return { position: stored.position, row }
}

/** Text other than Lockgate writes it is returned such that the row no longer matches its hash. */
function detailsFrom(text: string): AuditDetails {
  try {
    const details: AuditDetails = JSON.parse(text)
    if (canonicalDetails(details) === text) return details
  } catch {
    // Not JSON: edited, like any other text that differs.
  }
  return { edited: text }
}

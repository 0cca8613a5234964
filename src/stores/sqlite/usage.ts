/**
 * Usage checkpoints: admissions as append-only packed chunks, the state of the other algorithms as
 * one row per subject and limit. Every method runs inside a transaction or read of its caller.
 */
import type { UsageDelta } from '../../core/ports/counters.ts'
import type { Connection } from './connection.ts'
import { packNumbers, packTimes, unpackNumbers, unpackTimes } from './packing.ts'
import { param, paramsFor, type Statement } from './statement.ts'
import { tables, type UsageMetersTable } from './tables.ts'

export class Usage {
  readonly #addChunk: Statement<unknown>
  readonly #putMeter: Statement<unknown>
  readonly #pruneChunks: Statement<unknown>
  readonly #pruneMeters: Statement<unknown>
  readonly #chunks: Statement<{ subject: string; expires_at_ms: number; admissions: Uint8Array }>
  readonly #meters: Statement<UsageMetersTable>

  constructor(connection: Connection) {
    this.#addChunk = connection.prepare(addChunkQuery())
    this.#putMeter = connection.prepare(putMeterQuery())
    this.#pruneChunks = connection.prepare(pruneQuery('usage_chunks'))
    this.#pruneMeters = connection.prepare(pruneQuery('usage_meters'))
    this.#chunks = connection.prepare(chunksQuery())
    this.#meters = connection.prepare(metersQuery())
  }

  save(usage: readonly UsageDelta[], nowMs: number): void {
    for (const delta of usage) this.#saveOne(delta)
    this.#pruneChunks.run({ now_ms: nowMs })
    this.#pruneMeters.run({ now_ms: nowMs })
  }

  load(nowMs: number): UsageDelta[] {
    const chunks = this.#chunks.all({ now_ms: nowMs }).map((chunk) => ({
      subject: chunk.subject,
      admissionsMs: unpackTimes(chunk.admissions),
      expiresAtMs: chunk.expires_at_ms,
      meters: {},
    }))
    return [...chunks, ...this.#loadMeters(nowMs)]
  }

  #saveOne({ subject, admissionsMs, expiresAtMs, meters }: UsageDelta): void {
    const common = { subject, expires_at_ms: expiresAtMs }
    if (admissionsMs.length > 0) {
      this.#addChunk.run({ ...common, admissions: packTimes(admissionsMs) })
    }
    for (const [name, state] of Object.entries(meters)) {
      this.#putMeter.run({ ...common, limit_name: name, state: packNumbers(state) })
    }
  }

  /** One delta per subject; rows come sorted by subject. */
  #loadMeters(nowMs: number): UsageDelta[] {
    const rows = Map.groupBy(this.#meters.all({ now_ms: nowMs }), (row) => row.subject)
    return Array.from(rows, ([subject, meters]) => ({
      subject,
      admissionsMs: [],
      expiresAtMs: Math.max(...meters.map((row) => row.expires_at_ms)),
      meters: Object.fromEntries(meters.map((row) => [row.limit_name, unpackNumbers(row.state)])),
    }))
  }
}

const addChunkQuery = () =>
  tables
    .insertInto('usage_chunks')
    .values(paramsFor('subject', 'expires_at_ms', 'admissions'))
    .compile()

const putMeterQuery = () =>
  tables
    .insertInto('usage_meters')
    .values(paramsFor('subject', 'limit_name', 'expires_at_ms', 'state'))
    .onConflict((conflict) =>
      conflict.columns(['subject', 'limit_name']).doUpdateSet((eb) => ({
        expires_at_ms: eb.ref('excluded.expires_at_ms'),
        state: eb.ref('excluded.state'),
      })),
    )
    .compile()

const pruneQuery = (table: 'usage_chunks' | 'usage_meters') =>
  tables.deleteFrom(table).where('expires_at_ms', '<=', param<number>('now_ms')).compile()

const chunksQuery = () =>
  tables
    .selectFrom('usage_chunks')
    .select(['subject', 'expires_at_ms', 'admissions'])
    .where('expires_at_ms', '>', param<number>('now_ms'))
    .orderBy('chunk_id')
    .compile()

const metersQuery = () =>
  tables
    .selectFrom('usage_meters')
    .selectAll()
    .where('expires_at_ms', '>', param<number>('now_ms'))
    .orderBy('subject')
    .orderBy('limit_name')
    .compile()

/**
 * Usage checkpoints: admissions as append-only packed chunks, the state of the other algorithms as
 * one row per subject and limit. Every method runs inside a transaction or read of its caller.
 */
import type { UsageDelta } from '../../core/ports/counters.ts'
import { paramsFor } from '../tables/parameters.ts'
import type { UsageMetersTable } from '../tables/tables.ts'
import {
  addChunks,
  liveChunks,
  liveMeters,
  pruneUsage,
  putMeters,
} from '../tables/usage-queries.ts'
import { type ChunkRow, chunkFrom, deltasFrom, metersFrom } from '../tables/usage-rows.ts'
import type { Connection } from './connection.ts'
import { sqlite } from './sql.ts'
import type { Statement } from './statement.ts'

const CHUNK = paramsFor('subject', 'expires_at_ms', 'admissions')
const METER = paramsFor('subject', 'limit_name', 'expires_at_ms', 'state')

export class Usage {
  readonly #addChunk: Statement<unknown>
  readonly #putMeter: Statement<unknown>
  readonly #pruneChunks: Statement<unknown>
  readonly #pruneMeters: Statement<unknown>
  readonly #chunks: Statement<ChunkRow>
  readonly #meters: Statement<UsageMetersTable>

  constructor(connection: Connection) {
    this.#addChunk = connection.prepare(addChunks(sqlite, CHUNK).compile())
    this.#putMeter = connection.prepare(putMeters(sqlite, METER).compile())
    this.#pruneChunks = connection.prepare(pruneUsage(sqlite, 'usage_chunks').compile())
    this.#pruneMeters = connection.prepare(pruneUsage(sqlite, 'usage_meters').compile())
    this.#chunks = connection.prepare(liveChunks(sqlite).compile())
    this.#meters = connection.prepare(liveMeters(sqlite).compile())
  }

  save(usage: readonly UsageDelta[], nowMs: number): void {
    this.add(usage)
    this.#pruneChunks.run({ now_ms: nowMs })
    this.#pruneMeters.run({ now_ms: nowMs })
  }

  add(usage: readonly UsageDelta[]): void {
    for (const delta of usage) {
      const chunk = chunkFrom(delta)
      if (chunk !== undefined) this.#addChunk.run({ ...chunk })
      for (const meter of metersFrom(delta)) this.#putMeter.run({ ...meter })
    }
  }

  load(nowMs: number): UsageDelta[] {
    return deltasFrom(this.#chunks.all({ now_ms: nowMs }), this.#meters.all({ now_ms: nowMs }))
  }
}

/**
 * What is known of scopes of spend: seeds of counters, reports, resets and caps, and all of the ledger
 * for a copy. Every method runs in a session of its caller; those that change something, inside a
 * transaction.
 */
import type {
  SpendQuery,
  SpendReport,
  SpendReservation,
  SpendReset,
  SpendSum,
} from '../../core/ports/ledger.ts'
import type { SetCaps, SpendScope } from '../../core/spend/caps.ts'
import {
  allCaps,
  allResets,
  deleteCaps,
  findReset,
  openReservations,
  putCaps,
  putReset,
  sumsPage,
} from '../tables/spend-queries.ts'
import { reportFrom, spendReport } from '../tables/spend-report.ts'
import { MINUTE_MS, reservationFromRow, sliceOf, sumFromRow } from '../tables/spend-rows.ts'
import {
  capsFromRow,
  columnsFromScope,
  resetFromRow,
  rowFromCaps,
  rowFromReset,
} from '../tables/spend-scope-rows.ts'
import { type Seed, SeedWindow, settledInMinute, spendSeed } from '../tables/spend-seed.ts'
import type { SqlBuilder } from '../tables/tables.ts'
import type { Session } from './session.ts'

export class LedgerScopes {
  readonly #sql: SqlBuilder

  constructor(sql: SqlBuilder) {
    this.#sql = sql
  }

  async seed(session: Session, scope: SpendScope, nowMs: number): Promise<Seed> {
    const columns = columnsFromScope(scope)
    const reset = await session.get(findReset(this.#sql), columns)
    const window = new SeedWindow(nowMs, reset && resetFromRow(reset))
    const rows = await session.all(spendSeed(this.#sql, scope.kind), { ...columns, ...window.args })
    return window.seedFrom(rows)
  }

  async report(session: Session, query: SpendQuery): Promise<SpendReport> {
    return reportFrom(await session.all(spendReport(this.#sql, query)))
  }

  async reset(session: Session, scope: SpendScope, atMs: number): Promise<void> {
    const minute = { ...columnsFromScope(scope), start_ms: sliceOf(atMs, MINUTE_MS) }
    const settled = await session.get(settledInMinute(this.#sql, scope.kind), minute)
    const { micro_usd = 0, tokens = 0 } = settled ?? {}
    await this.addResets(session, [{ scope, atMs, before: { microUsd: micro_usd, tokens } }])
  }

  async addResets(session: Session, resets: readonly SpendReset[]): Promise<void> {
    for (const { scope, atMs, before } of resets) {
      await session.all(putReset(this.#sql), rowFromReset(scope, atMs, before))
    }
  }

  async resets(session: Session): Promise<SpendReset[]> {
    return (await session.all(allResets(this.#sql))).map(resetFromRow)
  }

  async setCaps(session: Session, scope: SpendScope, caps: SetCaps | null): Promise<void> {
    if (caps !== null) await session.all(putCaps(this.#sql), rowFromCaps(scope, caps))
    else await session.all(deleteCaps(this.#sql), columnsFromScope(scope))
  }

  async caps(session: Session): Promise<SetCaps[]> {
    return (await session.all(allCaps(this.#sql))).map(capsFromRow)
  }

  async sums(session: Session, after: SpendSum | undefined, pageSize: number): Promise<SpendSum[]> {
    return (await session.all(sumsPage(this.#sql, after, pageSize))).map(sumFromRow)
  }

  async reservations(session: Session): Promise<SpendReservation[]> {
    return (await session.all(openReservations(this.#sql))).map(reservationFromRow)
  }
}

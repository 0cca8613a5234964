/**
 * What is known of scopes of spend: seeds of counters, reports, resets and caps, and all of the ledger
 * for a copy. Every method runs inside a transaction or read of its caller.
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
import {
  type Seed,
  type SeedRow,
  SeedWindow,
  settledInMinute,
  spendSeed,
} from '../tables/spend-seed.ts'
import type { SpendResetsTable } from '../tables/tables.ts'
import type { Connection } from './connection.ts'
import { sqlite } from './sql.ts'
import type { Statement } from './statement.ts'

export class LedgerScopes {
  readonly #connection: Connection
  readonly #findReset: Statement<SpendResetsTable>
  /** Asked of each scope again whenever another process has written. */
  readonly #seeds: Readonly<Record<SpendScope['kind'], Statement<SeedRow>>>

  constructor(connection: Connection) {
    this.#connection = connection
    this.#findReset = connection.prepare(findReset(sqlite).compile())
    const seed = (kind: SpendScope['kind']) => connection.prepare(spendSeed(sqlite, kind).compile())
    this.#seeds = {
      key: seed('key'),
      owner: seed('owner'),
      tier: seed('tier'),
      account: seed('account'),
    }
  }

  seed(scope: SpendScope, nowMs: number): Seed {
    const columns = columnsFromScope(scope)
    const reset = this.#findReset.get(columns)
    const window = new SeedWindow(nowMs, reset && resetFromRow(reset))
    return window.seedFrom(this.#seeds[scope.kind].all({ ...columns, ...window.args }))
  }

  report(query: SpendQuery): SpendReport {
    return reportFrom(this.#connection.all(spendReport(sqlite, query).compile()))
  }

  reset(scope: SpendScope, atMs: number): void {
    const settled = this.#connection.prepare(settledInMinute(sqlite, scope.kind).compile())
    const minute = { ...columnsFromScope(scope), start_ms: sliceOf(atMs, MINUTE_MS) }
    const { micro_usd = 0, tokens = 0 } = settled.get(minute) ?? {}
    this.addResets([{ scope, atMs, before: { microUsd: micro_usd, tokens } }])
  }

  addResets(resets: readonly SpendReset[]): void {
    const put = this.#connection.prepare(putReset(sqlite).compile())
    for (const { scope, atMs, before } of resets) put.run(rowFromReset(scope, atMs, before))
  }

  resets(): SpendReset[] {
    return this.#connection.all(allResets(sqlite).compile()).map(resetFromRow)
  }

  setCaps(scope: SpendScope, caps: SetCaps | null): void {
    if (caps !== null)
      this.#connection.prepare(putCaps(sqlite).compile()).run(rowFromCaps(scope, caps))
    else this.#connection.prepare(deleteCaps(sqlite).compile()).run(columnsFromScope(scope))
  }

  caps(): SetCaps[] {
    return this.#connection.all(allCaps(sqlite).compile()).map(capsFromRow)
  }

  sums(after: SpendSum | undefined, pageSize: number): SpendSum[] {
    return this.#connection.all(sumsPage(sqlite, after, pageSize).compile()).map(sumFromRow)
  }

  reservations(): SpendReservation[] {
    return this.#connection.all(openReservations(sqlite).compile()).map(reservationFromRow)
  }
}

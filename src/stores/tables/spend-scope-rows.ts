/** What an operator did to a scope of spend (reset it, set its caps) between table rows and records. */
import type { SpendReset } from '../../core/ports/ledger.ts'
import type { Amount } from '../../core/spend/amount.ts'
import type { SetCaps, SpendScope } from '../../core/spend/caps.ts'
import type { SpendCapsTable, SpendResetsTable } from './tables.ts'

/** Owners are kept in lower case. */
export const columnsFromScope = ({ kind, id }: SpendScope) => ({
  scope_kind: kind,
  scope_id: kind === 'owner' ? id.toLowerCase() : id,
})

// A check constraint admits these kinds only, and an account whose id is empty.
const scopeFromRow = (row: { readonly scope_kind: string; readonly scope_id: string }) =>
  ({ kind: row.scope_kind, id: row.scope_id }) as SpendScope

export const rowFromReset = (scope: SpendScope, atMs: number, before: Amount) =>
  ({
    ...columnsFromScope(scope),
    at_ms: atMs,
    before_micro_usd: before.microUsd,
    before_tokens: before.tokens,
  }) satisfies SpendResetsTable

export const resetFromRow = (row: SpendResetsTable): SpendReset => ({
  scope: scopeFromRow(row),
  atMs: row.at_ms,
  before: { microUsd: row.before_micro_usd, tokens: row.before_tokens },
})

export const rowFromCaps = (scope: SpendScope, caps: SetCaps) =>
  ({
    ...columnsFromScope(scope),
    per_day_micro_usd: caps.perDayMicroUsd,
    per_month_micro_usd: caps.perMonthMicroUsd,
    models: caps.models === null ? null : JSON.stringify(caps.models),
    max_output_tokens: caps.maxOutputTokens,
  }) satisfies SpendCapsTable

export const capsFromRow = (row: SpendCapsTable): SetCaps => ({
  scope: scopeFromRow(row),
  perDayMicroUsd: row.per_day_micro_usd,
  perMonthMicroUsd: row.per_month_micro_usd,
  models: row.models === null ? null : JSON.parse(row.models),
  maxOutputTokens: row.max_output_tokens,
})

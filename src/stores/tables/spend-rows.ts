/** Reservations and sums of spend between their table rows and their records. */
import type { SpendReservation, SpendSettlement, SpendSum } from '../../core/ports/ledger.ts'
import { type Amount, NO_USAGE, type TokenUsage } from '../../core/spend/amount.ts'
import type { SpendReservationsTable, SpendSumsTable } from './tables.ts'

export const MINUTE_MS = 60_000
export const DAY_MS = 86_400_000

/** The start of the slice (of `sliceMs`) that holds this time. */
export const sliceOf = (timeMs: number, sliceMs: number): number =>
  Math.floor(timeMs / sliceMs) * sliceMs

export const rowFromReservation = (reservation: SpendReservation) =>
  ({
    id: reservation.id,
    key_id: reservation.keyId,
    model: reservation.model,
    at_ms: reservation.atMs,
    micro_usd: reservation.amount.microUsd,
    tokens: reservation.amount.tokens,
    lease_until_ms: reservation.leaseUntilMs,
    state: 'open',
  }) satisfies SpendReservationsTable

export const reservationFromRow = (row: SpendReservationsTable): SpendReservation => ({
  id: row.id,
  keyId: row.key_id,
  model: row.model,
  atMs: row.at_ms,
  amount: { microUsd: row.micro_usd, tokens: row.tokens },
  leaseUntilMs: row.lease_until_ms,
})

/** Nobody can know what its upstream produced, so all of it counts, and no tokens of any kind. */
export const expiredSum = (row: SpendReservationsTable): SpendSumsTable =>
  sumOf(row, 1, NO_USAGE, { microUsd: row.micro_usd, tokens: row.tokens })

/** What a settlement adds. One that comes after expiry corrects what was charged then. */
export function settledSum(
  row: SpendReservationsTable,
  { amount, usage, isExtension = false }: SpendSettlement,
): SpendSumsTable {
  const requests = isExtension ? 0 : 1
  if (row.state === 'open') return sumOf(row, requests, usage, amount)
  const correction = {
    microUsd: amount.microUsd - row.micro_usd,
    tokens: amount.tokens - row.tokens,
  }
  return sumOf(row, requests - 1, usage, correction)
}

const sumOf = (
  { at_ms, key_id, model }: SpendReservationsTable,
  requests: number,
  usage: TokenUsage,
  amount: Amount,
): SpendSumsTable => ({
  start_ms: sliceOf(at_ms, MINUTE_MS),
  key_id,
  model: model ?? '',
  requests,
  input_tokens: usage.inputTokens,
  cached_input_tokens: usage.cachedInputTokens,
  cache_write_tokens: usage.cacheWriteTokens,
  output_tokens: usage.outputTokens,
  micro_usd: amount.microUsd,
  tokens: amount.tokens,
})

export const rowFromSum = (sum: SpendSum): SpendSumsTable => ({
  start_ms: sum.startMs,
  key_id: sum.keyId,
  model: sum.model,
  requests: sum.requests,
  input_tokens: sum.usage.inputTokens,
  cached_input_tokens: sum.usage.cachedInputTokens,
  cache_write_tokens: sum.usage.cacheWriteTokens,
  output_tokens: sum.usage.outputTokens,
  micro_usd: sum.amount.microUsd,
  tokens: sum.amount.tokens,
})

export const sumFromRow = (row: SpendSumsTable): SpendSum => ({
  startMs: row.start_ms,
  keyId: row.key_id,
  model: row.model,
  requests: row.requests,
  usage: usageFromRow(row),
  amount: { microUsd: row.micro_usd, tokens: row.tokens },
})

type UsageColumns = Pick<
  SpendSumsTable,
  'input_tokens' | 'cached_input_tokens' | 'cache_write_tokens' | 'output_tokens'
>

export const usageFromRow = (row: UsageColumns) => ({
  inputTokens: row.input_tokens,
  cachedInputTokens: row.cached_input_tokens,
  cacheWriteTokens: row.cache_write_tokens,
  outputTokens: row.output_tokens,
})

/**
 * One row for each slice, key and model, because a statement cannot write a row twice. In one order for
 * all instances, or two that settle at once could wait for each other.
 */
export function mergedSums(rows: readonly SpendSumsTable[], sliceMs: number): SpendSumsTable[] {
  const merged = new Map<string, SpendSumsTable>()
  for (const row of rows) {
    const start_ms = sliceOf(row.start_ms, sliceMs)
    const name = `${start_ms} ${JSON.stringify([row.key_id, row.model])}`
    const known = merged.get(name)
    merged.set(name, known === undefined ? { ...row, start_ms } : added(known, row))
  }
  if (merged.size === 1) return [...merged.values()]
  return [...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}

const added = (sum: SpendSumsTable, row: SpendSumsTable): SpendSumsTable => ({
  ...sum,
  requests: sum.requests + row.requests,
  input_tokens: sum.input_tokens + row.input_tokens,
  cached_input_tokens: sum.cached_input_tokens + row.cached_input_tokens,
  cache_write_tokens: sum.cache_write_tokens + row.cache_write_tokens,
  output_tokens: sum.output_tokens + row.output_tokens,
  micro_usd: sum.micro_usd + row.micro_usd,
  tokens: sum.tokens + row.tokens,
})

/**
 * Reports of spend. One statement reads all of their parts, so that they agree. Whole days are read from
 * the sums by day, and what is left at both ends from those by minute.
 */
import { type RawBuilder, sql as raw } from 'kysely'
import type { SpendLine, SpendQuery, SpendReport } from '../../core/ports/ledger.ts'
import { DAY_MS, MINUTE_MS, sliceOf, usageFromRow } from './spend-rows.ts'
import { inScope } from './spend-scope.ts'
import type { SpendSumsTable, SqlBuilder } from './tables.ts'

const FOREVER_MS = Number.MAX_SAFE_INTEGER
const SUMS = [
  ...(['requests', 'input_tokens', 'cached_input_tokens', 'cache_write_tokens'] as const),
  ...(['output_tokens', 'micro_usd'] as const),
]

/** `part`: `key`, `model`, `day` or `reserved`. */
export type ReportRow = Pick<SpendSumsTable, (typeof SUMS)[number]> & {
  readonly part: string
  readonly name: string
  readonly owner: string
}

type Range = readonly [fromMs: number, untilMs: number]

/** From `fromMs` on, before `untilMs`. */
const within = (column: 'start_ms' | 'at_ms', ranges: readonly Range[]): RawBuilder<boolean> =>
  raw<boolean>`(${raw.join(
    ranges.map(([fromMs, untilMs]) => {
      const at = raw.ref(column)
      return raw<boolean>`(${at} >= ${fromMs} and ${at} < ${untilMs})`
    }),
    raw` or `,
  )})`

/** bigint: PostgreSQL would make it numeric. */
const totals = () =>
  SUMS.map((column) => raw<number>`cast(coalesce(sum(${raw.ref(column)}), 0) as bigint)`.as(column))

const nothing = () =>
  SUMS.filter((column) => column !== 'micro_usd').map((column) => raw<number>`0`.as(column))

export function spendReport(sql: SqlBuilder, query: SpendQuery) {
  const { keyId, ownerEmail, tier, model, sinceMs, untilMs } = query
  const range: Range = [sliceOf(sinceMs ?? 0, MINUTE_MS), untilMs ?? FOREVER_MS]
  const { days, edges } = partsOf(range)
  const conditions = [
    ...(keyId === undefined ? [] : [inScope(sql, 'key', keyId)]),
    ...(ownerEmail === undefined ? [] : [inScope(sql, 'owner', ownerEmail.toLowerCase())]),
    ...(tier === undefined ? [] : [inScope(sql, 'tier', tier)]),
    ...(model === undefined ? [] : [raw<boolean>`coalesce(model, '') = ${model}`]),
  ]
  const lines = (table: 'spend_sums' | 'spend_days', ranges: readonly Range[]) =>
    sql
      .selectFrom(table)
      .select(['key_id', 'model', DAY.as('day_ms')])
      .select(totals())
      .where(raw<boolean>`${raw.join([within('start_ms', ranges), ...conditions], raw` and `)}`)
      .groupBy(['key_id', 'model', DAY])
  return sql
    .with('lines', () => lines('spend_days', [days]).unionAll(lines('spend_sums', edges)))
    .selectFrom('lines')
    .leftJoin('keys', 'keys.key_id', 'lines.key_id')
    .leftJoin('owners', 'owners.owner_id', 'keys.owner_id')
    .select([part('key'), 'lines.key_id as name'])
    .select(raw<string>`coalesce(owners.email, '')`.as('owner'))
    .select(totals())
    .groupBy(['lines.key_id', 'owners.email'])
    .unionAll((eb) =>
      eb
        .selectFrom('lines')
        .select([part('model'), 'model as name', NO_TEXT.as('owner')])
        .select(totals())
        .groupBy('model'),
    )
    .unionAll((eb) =>
      eb
        .selectFrom('lines')
        .select([part('day'), raw<string>`cast(day_ms as text)`.as('name'), NO_TEXT.as('owner')])
        .select(totals())
        .groupBy('day_ms'),
    )
    .unionAll(
      sql
        .selectFrom('spend_reservations')
        .select([part('reserved'), NO_TEXT.as('name'), NO_TEXT.as('owner')])
        .select(nothing())
        .select(raw<number>`cast(coalesce(sum(micro_usd), 0) as bigint)`.as('micro_usd'))
        .where('state', '=', 'open')
        .where(raw<boolean>`${raw.join([within('at_ms', [range]), ...conditions], raw` and `)}`),
    )
}

const DAY = raw<number>`start_ms - start_ms % ${raw.lit(DAY_MS)}`
const NO_TEXT = raw<string>`''`

const part = (name: string) => raw<string>`${raw.lit(name)}`.as('part')

/** The whole days of a range, and what is left before and after them. */
function partsOf([fromMs, untilMs]: Range): { days: Range; edges: readonly Range[] } {
  const firstDayMs = sliceOf(fromMs + DAY_MS - 1, DAY_MS)
  const lastDayMs = sliceOf(untilMs, DAY_MS)
  if (firstDayMs > lastDayMs) return { days: [0, 0], edges: [[fromMs, untilMs]] }
  return {
    days: [firstDayMs, lastDayMs],
    edges: [
      [fromMs, firstDayMs],
      [lastDayMs, untilMs],
    ],
  }
}

export function reportFrom(rows: readonly ReportRow[]): SpendReport {
  const partOf = (name: string) => rows.filter((row) => row.part === name)
  const keys = partOf('key')
  const owners = Map.groupBy(keys, ({ owner }) => owner)
  const days = partOf('day').map((row) => ({ ...lineFrom(row), name: dayOf(Number(row.name)) }))
  return {
    total: sumOfLines('', keys.map(lineFrom)),
    reservedMicroUsd: partOf('reserved').reduce((sum, { micro_usd }) => sum + micro_usd, 0),
    byKey: dearestFirst(keys.map(lineFrom)),
    byOwner: dearestFirst(
      Array.from(owners, ([owner, lines]) => sumOfLines(owner, lines.map(lineFrom))),
    ),
    byModel: dearestFirst(partOf('model').map(lineFrom)),
    byDay: days.sort((a, b) => (a.name < b.name ? -1 : 1)),
  }
}

const dayOf = (dayMs: number): string => new Date(dayMs).toISOString().slice(0, 10)

const lineFrom = (row: ReportRow): SpendLine => ({
  name: row.name,
  requests: row.requests,
  usage: usageFromRow(row),
  microUsd: row.micro_usd,
})

const sumOfLines = (name: string, lines: readonly SpendLine[]): SpendLine => {
  const sum = (of: (line: SpendLine) => number) => lines.reduce((all, line) => all + of(line), 0)
  return {
    name,
    requests: sum((line) => line.requests),
    usage: {
      inputTokens: sum(({ usage }) => usage.inputTokens),
      cachedInputTokens: sum(({ usage }) => usage.cachedInputTokens),
      cacheWriteTokens: sum(({ usage }) => usage.cacheWriteTokens),
      outputTokens: sum(({ usage }) => usage.outputTokens),
    },
    microUsd: sum((line) => line.microUsd),
  }
}

const dearestFirst = (lines: readonly SpendLine[]): readonly SpendLine[] =>
  lines.toSorted((a, b) => b.microUsd - a.microUsd || (a.name < b.name ? -1 : 1))

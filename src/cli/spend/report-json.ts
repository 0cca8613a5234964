/** A report of the ledger as JSON, with names that hold still, and as CSV. */
import type { SpendLine, SpendReport } from '../../core/ports/ledger.ts'
import { csvCell } from '../audit-csv.ts'

/** What a line of the report is about; its name in JSON is the same but for `key`. */
export const GROUPS = ['key', 'owner', 'model', 'day'] as const
export type Group = (typeof GROUPS)[number]

const NAME_OF: Readonly<Record<Group, string>> = {
  ...{ key: 'key_id', owner: 'owner', model: 'model', day: 'day' },
}

export function linesBy(report: SpendReport, group: Group): readonly SpendLine[] {
  const { byKey, byOwner, byModel, byDay } = report
  return { key: byKey, owner: byOwner, model: byModel, day: byDay }[group]
}

export function reportJson(report: SpendReport): object {
  const { requests, microUsd, usage } = report.total
  const groups = GROUPS.map((group) => [
    `by_${group}`,
    linesBy(report, group).map((line) => ({ [NAME_OF[group]]: line.name, ...amountsJson(line) })),
  ])
  return {
    total_micro_usd: microUsd,
    reserved_micro_usd: report.reservedMicroUsd,
    requests,
    ...tokensJson(usage),
    ...Object.fromEntries(groups),
  }
}

const amountsJson = ({ requests, microUsd, usage }: SpendLine): object => ({
  ...{ requests, micro_usd: microUsd },
  ...tokensJson(usage),
})

const tokensJson = (usage: SpendLine['usage']): object => ({
  input_tokens: usage.inputTokens,
  cached_input_tokens: usage.cachedInputTokens,
  cache_write_tokens: usage.cacheWriteTokens,
  output_tokens: usage.outputTokens,
})

/** RFC 4180, with cells that no spreadsheet takes for a formula. */
export function reportCsv(report: SpendReport, group: Group): string {
  const head = [
    NAME_OF[group],
    'requests',
    'micro_usd',
    ...Object.keys(tokensJson(report.total.usage)),
  ]
  const rows = linesBy(report, group).map((line) => {
    return [line.name, ...Object.values(amountsJson(line)).map(String)].map(csvCell)
  })
  return [head, ...rows].map((cells) => `${cells.join(',')}\r\n`).join('')
}

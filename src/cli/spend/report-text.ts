/** A report of the ledger as a page of text: the sums, by key and by model, and the days as bars. */
import type { SpendLine, SpendReport } from '../../core/ports/ledger.ts'
import { counted, list, styled, table } from '../output.ts'
import { exactDollars } from '../price.ts'
import { dayChart } from './day-chart.ts'
import { type Group, linesBy } from './report-json.ts'

/** Of each group, where the whole is shown; `--by` shows all of one. */
const MOST_ROWS = 10

const HEADS: Readonly<Record<Group, string>> = {
  ...{ key: 'KEY', owner: 'OWNER', model: 'MODEL', day: 'DAY' },
}

export function reportText(report: SpendReport, group: Group | undefined): string {
  if (group !== undefined) return [sums(report), groupTable(report, group)].join('\n\n')
  const chart = dayChart(report.byDay)
  return [
    sums(report),
    ...(report.byKey.length === 0 ? [] : [groupTable(report, 'key', MOST_ROWS)]),
    ...(report.byModel.length === 0 ? [] : [groupTable(report, 'model', MOST_ROWS)]),
    ...(chart === '' ? [] : [`${styled('bold', 'BY DAY (UTC)')}\n${chart}`]),
  ].join('\n\n')
}

function sums({ total, reservedMicroUsd }: SpendReport): string {
  const { inputTokens, cachedInputTokens, outputTokens } = total.usage
  const cached = cachedInputTokens === 0 ? '' : ` (${number(cachedInputTokens)} from a cache)`
  return list([
    ['spent', `${exactDollars(total.microUsd)} in ${counted(total.requests, 'call')}`],
    ['held now', exactDollars(reservedMicroUsd)],
    ['tokens', `${number(inputTokens)} in${cached}, ${number(outputTokens)} out`],
  ])
}

function groupTable(report: SpendReport, group: Group, most = Number.POSITIVE_INFINITY): string {
  const lines = linesBy(report, group)
  const shown = lines.slice(0, most).map(rowOf)
  const more = lines.length - shown.length
  const rest = more > 0 ? `\n… and ${number(more)} more; --by ${group} shows all` : ''
  return `${table([HEADS[group], 'CALLS', 'TOKENS IN', 'TOKENS OUT', 'SPENT'], shown)}${rest}`
}

const rowOf = ({ name, requests, usage, microUsd }: SpendLine): string[] => [
  name === '' ? 'none named' : name,
  number(requests),
  number(usage.inputTokens),
  number(usage.outputTokens),
  exactDollars(microUsd),
]

const number = (value: number): string => value.toLocaleString('en-US')

/** The results of a replay as a page of text or as a JSON value. */
import { counted, styled } from '../output.ts'
import { exactDollars } from '../price.ts'
import type { AuditAccount } from './audit-account.ts'
import { capUse } from './cap-use.ts'
import type { Outcome, ScenarioResult } from './tally.ts'

export type Mode = 'engine' | 'http'

const TITLE_WIDTH = 36
const CAP_RULE =
  '  A call gets in where what was spent, what is held and its own worst case fit the cap together.'

export function textReport(results: readonly ScenarioResult[]): string {
  const lines = ['', heading('The scraper'), row('', ['calls', 'reached LLM', 'bill'])]
  for (const { scenario, scraper } of results) lines.push(outcomeRow(scenario.title, scraper))
  lines.push('', heading('The twelve users'), row('', ['calls', 'reached LLM', 'bill']))
  for (const { scenario, users } of results) lines.push(outcomeRow(scenario.title, users))
  lines.push('', heading('What the scraper was told'))
  for (const { scenario, scraper } of results) {
    lines.push(`  ${scenario.title.padEnd(TITLE_WIDTH)}${statusText(scraper)}`)
  }
  lines.push('', heading('What the caps held'), CAP_RULE)
  for (const result of results) lines.push(...capLines(result))
  lines.push('', heading('What the audit log says'))
  for (const result of results) lines.push(...auditLines(result))
  return lines.join('\n')
}

function capLines(result: ScenarioResult): string[] {
  const use = capUse(result)
  if (use === null) return []
  const { cap, spentMicroUsd, capMicroUsd } = use
  const title = `  ${result.scenario.title.padEnd(TITLE_WIDTH)}`
  return [`${title}${exactDollars(spentMicroUsd)} of ${exactDollars(capMicroUsd)} (${cap})`]
}

function auditLines({ scenario, audit, scraper, users, ledgerMicroUsd }: ScenarioResult): string[] {
  const title = `  ${scenario.title.padEnd(TITLE_WIDTH)}`
  if (audit === null) return [`${title}there is none`]
  const sent = (scraper.statuses.get(429) ?? 0) + (users.statuses.get(429) ?? 0)
  const indent = ' '.repeat(title.length)
  const limits = [...audit.byLimit].map(([limit, count]) => `${limit} ${number(count)}`)
  const verdict = audit.intact ? 'intact' : 'BROKEN'
  const { worstMinute, worstDay } = scraper
  return [
    `${title}${exceededText(audit)} for ${counted(sent, '429')}`,
    ...(limits.length === 0 ? [] : [`${indent}by limit: ${limits.join(', ')}`]),
    `${indent}${counted(audit.rows, 'row')}, chain ${verdict}`,
    ...(ledgerMicroUsd === null ? [] : [`${indent}in the ledger: ${exactDollars(ledgerMicroUsd)}`]),
    ...(worstDay === 0 ? [] : [`${indent}most in 60 s: ${worstMinute}; in 24 h: ${worstDay}`]),
  ]
}

function exceededText({ limitExceeded, spendExceeded }: AuditAccount): string {
  const ofSpend = spendExceeded === 0 ? '' : `, ${number(spendExceeded)} spend.exceeded`
  return `${number(limitExceeded)} limit.exceeded${ofSpend}`
}

function outcomeRow(title: string, { sent, reached, costMicroUsd }: Outcome): string {
  return row(title, [number(sent), number(reached), exactDollars(costMicroUsd)])
}

function row(title: string, cells: readonly string[]): string {
  return `  ${title.padEnd(TITLE_WIDTH)}${cells.map((cell) => cell.padStart(13)).join('')}`
}

function statusText({ statuses }: Outcome): string {
  const sorted = [...statuses].sort(([a], [b]) => a - b)
  return sorted.map(([status, count]) => `${number(count)} x ${status}`).join(', ')
}

const heading = (text: string): string => styled('bold', text)
const number = (value: number): string => value.toLocaleString('en-US')

export function jsonReport(
  mode: Mode,
  results: readonly ScenarioResult[],
  broken: readonly string[],
): object {
  const scenarios = results.map(({ scenario, scraper, users, audit, ...rest }) => ({
    scenario: scenario.name,
    capped: scenario.isCapped,
    scraper: outcomeJson(scraper),
    users: outcomeJson(users),
    audit: audit && {
      rows: audit.rows,
      limit_exceeded: audit.limitExceeded,
      spend_exceeded: audit.spendExceeded,
      by_limit: Object.fromEntries(audit.byLimit),
      intact: audit.intact,
    },
    cap: capJson({ scenario, scraper, users, audit, ...rest }),
    ledger_micro_usd: rest.ledgerMicroUsd,
    elapsed_ms: Math.round(rest.elapsedMs),
  }))
  return { mode, ok: broken.length === 0, broken, scenarios }
}

function capJson(result: ScenarioResult): object | null {
  const use = capUse(result)
  return (
    use && { name: use.cap, quota_micro_usd: use.capMicroUsd, spent_micro_usd: use.spentMicroUsd }
  )
}

function outcomeJson(outcome: Outcome): object {
  return {
    sent: outcome.sent,
    reached: outcome.reached,
    micro_usd: outcome.costMicroUsd,
    statuses: Object.fromEntries(outcome.statuses),
    most_in_60_s: outcome.worstMinute,
    most_in_24_h: outcome.worstDay,
  }
}

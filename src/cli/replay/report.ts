/** The results of a replay as a page of text or as a JSON value. */
import { counted, styled } from '../output.ts'
import type { Outcome, ScenarioName, ScenarioResult } from './tally.ts'

export type Mode = 'engine' | 'http'

export const TITLES: Readonly<Record<ScenarioName, string>> = {
  open: 'open endpoint',
  'no-key': 'Lockgate, scraper has no key',
  'one-key': 'Lockgate, scraper has one free key',
}
const TITLE_WIDTH = 36

export function textReport(results: readonly ScenarioResult[]): string {
  const lines = ['', heading('The scraper'), row('', ['calls', 'reached LLM', 'bill'])]
  for (const { scenario, scraper } of results) lines.push(outcomeRow(scenario, scraper))
  lines.push('', heading('The twelve users'), row('', ['calls', 'reached LLM', 'bill']))
  for (const { scenario, users } of results) lines.push(outcomeRow(scenario, users))
  lines.push('', heading('What the scraper was told'))
  for (const { scenario, scraper } of results) {
    lines.push(`  ${TITLES[scenario].padEnd(TITLE_WIDTH)}${statusText(scraper)}`)
  }
  lines.push('', heading('What the audit log says'))
  for (const result of results) lines.push(...auditLines(result))
  return lines.join('\n')
}

function auditLines({ scenario, audit, scraper, users }: ScenarioResult): string[] {
  const title = `  ${TITLES[scenario].padEnd(TITLE_WIDTH)}`
  if (audit === null) return [`${title}there is none`]
  const sent = (scraper.statuses.get(429) ?? 0) + (users.statuses.get(429) ?? 0)
  const indent = ' '.repeat(title.length)
  const limits = [...audit.byLimit].map(([limit, count]) => `${limit} ${number(count)}`)
  const verdict = audit.intact ? 'intact' : 'BROKEN'
  const { worstMinute, worstDay } = scraper
  return [
    `${title}${number(audit.limitExceeded)} limit.exceeded for ${counted(sent, '429')}`,
    ...(limits.length === 0 ? [] : [`${indent}by limit: ${limits.join(', ')}`]),
    `${indent}${counted(audit.rows, 'row')}, chain ${verdict}`,
    ...(worstDay === 0 ? [] : [`${indent}most in 60 s: ${worstMinute}; in 24 h: ${worstDay}`]),
  ]
}

function outcomeRow(scenario: ScenarioName, { sent, reached, costMicroUsd }: Outcome): string {
  return row(TITLES[scenario], [number(sent), number(reached), dollars(costMicroUsd)])
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
const dollars = (microUsd: number): string => `$${(microUsd / 1_000_000).toFixed(2)}`

export function jsonReport(
  mode: Mode,
  results: readonly ScenarioResult[],
  broken: readonly string[],
): object {
  const scenarios = results.map(({ scenario, scraper, users, audit, elapsedMs }) => ({
    scenario,
    scraper: outcomeJson(scraper),
    users: outcomeJson(users),
    audit: audit && {
      rows: audit.rows,
      limit_exceeded: audit.limitExceeded,
      by_limit: Object.fromEntries(audit.byLimit),
      intact: audit.intact,
    },
    elapsed_ms: Math.round(elapsedMs),
  }))
  return { mode, ok: broken.length === 0, broken, scenarios }
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

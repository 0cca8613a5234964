/** The outcome of a simulation as a page of text or as a JSON value. */

import { redact } from '../../telemetry/redact.ts'
import { counted, table } from '../output.ts'
import { exactDollars } from '../price.ts'
import type { CallerTally } from './caller-tally.ts'
import type { Simulator } from './simulator.ts'

const MOST_ROWS = 20
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Lines that could not be read. */
export interface BadLines {
  count: number
  /** The number of the first one, from 1 on, and what is wrong with it. */
  first: { readonly line: number; readonly problem: string } | undefined
}

export function simulationText(simulator: Simulator, bad: BadLines, tier: string): string {
  const { callers, total, firstMs = 0, lastMs, outOfOrder } = simulator
  const span = `${timeOf(firstMs)} to ${timeOf(lastMs)}`
  const rows = byCost(callers)
  const shown = rows.slice(0, MOST_ROWS)
  const more = rows.length - shown.length
  return [
    `${counted(total.calls, 'call')} of ${counted(callers.size, 'caller')}, ${span}, on the tier ${tier}.`,
    ...badText(bad),
    ...(outOfOrder === 0
      ? []
      : [`${counted(outOfOrder, 'call')} not in order of time; counted as of the one before.`]),
    '',
    table(
      ['CALLER', 'CALLS', 'ADMITTED', 'REFUSED BY', 'WITHOUT LOCKGATE', 'WITH IT'],
      [...shown.map(([caller, tally]) => rowOf(callerText(caller), tally)), rowOf('all', total)],
    ),
    ...(more === 0 ? [] : [`… and ${counted(more, 'caller')} more; --json has all.`]),
  ].join('\n')
}

function badText({ count, first }: BadLines): string[] {
  if (first === undefined) return []
  return [
    `${counted(count, 'line')} passed over; the first is line ${first.line}: ${redact(first.problem)}.`,
  ]
}

function rowOf(name: string, tally: CallerTally): string[] {
  const refused = [...tally.refused].map(([limit, count]) => `${limit} ${number(count)}`)
  return [
    ...[name, number(tally.calls), number(tally.admitted), refused.join(', ') || '-'],
    ...[exactDollars(tally.withoutMicroUsd), exactDollars(tally.withMicroUsd)],
  ]
}

const byCost = (callers: Simulator['callers']): [string, CallerTally][] =>
  [...callers].sort(([, a], [, b]) => b.withoutMicroUsd - a.withoutMicroUsd || b.calls - a.calls)

/** A log may name callers by their whole keys, which belong on no screen. */
function callerText(caller: string): string {
  const safe = redact(caller)
  const isSecret = /^[\w-]{24,}$/.test(safe) && !UUID.test(safe)
  return isSecret ? `${safe.slice(0, 8)}…` : safe
}

const timeOf = (ms: number): string => new Date(ms).toISOString()
const number = (value: number): string => value.toLocaleString('en-US')

export function simulationJson(simulator: Simulator, bad: BadLines, tier: string): object {
  const { callers, total, firstMs = 0, lastMs, outOfOrder } = simulator
  return {
    tier,
    from: timeOf(firstMs),
    to: timeOf(lastMs),
    bad_lines: bad.count,
    first_bad_line:
      bad.first === undefined ? null : { ...bad.first, problem: redact(bad.first.problem) },
    out_of_order: outOfOrder,
    total: tallyJson(total),
    callers: byCost(callers).map(([caller, tally]) => ({
      caller: callerText(caller),
      ...tallyJson(tally),
    })),
  }
}

const tallyJson = (tally: CallerTally): object => ({
  calls: tally.calls,
  admitted: tally.admitted,
  refused: Object.fromEntries(tally.refused),
  without_micro_usd: tally.withoutMicroUsd,
  with_micro_usd: tally.withMicroUsd,
})

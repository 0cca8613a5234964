/** What must hold of streams that ended in every way, however many there were. */
import { expect } from 'vitest'
import { OUTPUT_MICRO_USD } from './rig.ts'
import {
  HELD_MICRO_USD,
  type Outcome,
  type StreamsReport,
  sumOf,
  TOKENS,
  TOKENS_PER_EVENT,
} from './streams.ts'

export function expectTrueLedger(report: StreamsReport, streams: number): void {
  const { outcomes, totalMicroUsd, countedMicroUsd, reservedMicroUsd } = report
  expect(outcomes.reduce((sum, { calls }) => sum + calls.length, 0)).toBe(streams)
  for (const outcome of outcomes) expectTrue(outcome)
  expect(reservedMicroUsd).toBe(0)
  expect(countedMicroUsd).toBe(totalMicroUsd)
  const ledger = outcomes.reduce((sum, one) => sum + (one.ledger?.microUsd ?? 0), 0)
  expect(ledger).toBe(totalMicroUsd)
}

/** The share of streams that were closed at the upstream within this time, after the client had left. */
export function closedWithin(report: StreamsReport, ms: number): number {
  const all = report.outcomes.flatMap(({ closedAfterMs }) => closedAfterMs)
  return all.filter((one) => one <= ms).length / all.length
}

function expectTrue(outcome: Outcome): void {
  const { kind, ledger, calls, answers, receivedTokens, bodyBytes } = outcome
  const what = `${kind.model}: `
  const produced = sumOf(calls, ({ usage }) => usage.outputTokens)
  const input = sumOf(calls, ({ usage }) => usage.inputTokens)
  const output = ledger?.usage.outputTokens ?? 0
  expect(ledger?.requests, `${what}calls in the ledger`).toBe(calls.length)
  expect(receivedTokens, `${what}received`).toBeLessThanOrEqual(produced)

  if (kind.phase === 'after-the-end') {
    expect(answers.every(({ isWhole }) => isWhole)).toBe(true)
    const cost = sumOf(calls, ({ costMicroUsd }) => costMicroUsd)
    expect(ledger?.microUsd, `${what}exactly what was reported`).toBe(cost)
    return
  }
  if (kind.ender !== 'client') {
    const isCut = (text: string): boolean => kind.phase !== 'at-the-cap' || isCutByCap(text)
    expect(
      answers.every(({ text }) => isCut(text)),
      `${what}told of the cap`,
    ).toBe(true)
  }
  // The input as it was held, unless the beginning of the answer told it.
  const held = calls.length * bodyBytes
  expect(ledger?.usage.inputTokens, `${what}input`).toBeGreaterThanOrEqual(input)
  expect(ledger?.usage.inputTokens, `${what}input`).toBeLessThanOrEqual(held)
  if (kind.api === 'chat') expect(ledger?.usage.inputTokens, `${what}input`).toBe(held)

  // Anthropic's beginning says one token of output, before there is any.
  const said = kind.api === 'messages' ? calls.length : 0
  if (kind.phase === 'at-the-cap') {
    // The event that went beyond it was produced, too.
    const most = calls.length * (HELD_MICRO_USD + TOKENS_PER_EVENT * OUTPUT_MICRO_USD)
    expect(ledger?.microUsd, `${what}its cap and an event`).toBeLessThanOrEqual(most)
    expect(output, `${what}output`).toBeGreaterThanOrEqual(calls.length * TOKENS)
    expect(output, `${what}output`).toBeLessThanOrEqual(produced)
  } else if (kind.phase === 'middle' && kind.ender === 'client') {
    // What the provider wrote before it learnt that nobody reads any more is not seen.
    expect(output, `${what}output`).toBeGreaterThanOrEqual(receivedTokens)
    expect(output, `${what}output`).toBeLessThanOrEqual(produced)
  } else expect([produced, Math.max(produced, said)], `${what}output`).toContain(output)
}

/** An error event of the protocol is the last, and nothing looks as if the answer were whole. */
function isCutByCap(text: string): boolean {
  const events = text.split('\n\n').filter((event) => event !== '')
  const last = events.at(-1) ?? ''
  return (
    last.includes('spend_exceeded') && !text.includes('[DONE]') && !text.includes('message_stop')
  )
}

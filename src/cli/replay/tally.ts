/** What became of the calls: how many were sent, how many reached the LLM, what the rest were told. */
import type { AuditAccount } from './audit-account.ts'
import { CALL_MICRO_USD, type Scenario } from './scenarios.ts'

export interface Outcome {
  readonly sent: number
  readonly reached: number
  /** HTTP status to number of calls that got it. */
  readonly statuses: ReadonlyMap<number, number>
  /** The most calls that reached the LLM in any 60 s. */
  readonly worstMinute: number
  /** The most calls that reached the LLM in any 24 h. */
  readonly worstDay: number
  readonly costMicroUsd: number
}

export interface ScenarioResult {
  readonly scenario: Scenario
  readonly scraper: Outcome
  readonly users: Outcome
  /** null where there is no gate. */
  readonly audit: AuditAccount | null
  /** What the ledger says was spent; null where nothing is metered. */
  readonly ledgerMicroUsd: number | null
  readonly elapsedMs: number
}

/** Counts the calls of one group of callers. */
export class Tally {
  #sent = 0
  readonly #statuses = new Map<number, number>()
  readonly #reachedMs: number[] = []
  #longestMs = 0

  /** `tookMs`: from its sending to its answer at `atMs`; somewhere in between it was admitted. */
  add(atMs: number, status: number, tookMs = 0): void {
    this.#longestMs = Math.max(this.#longestMs, tookMs)
    this.#sent += 1
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1)
    if (status === 200) this.#reachedMs.push(atMs)
  }

  outcome(): Outcome {
    const times = this.#reachedMs.toSorted((a, b) => a - b)
    return {
      sent: this.#sent,
      reached: times.length,
      statuses: this.#statuses,
      worstMinute: mostWithin(times, 60_000 - this.#longestMs),
      worstDay: mostWithin(times, 86_400_000 - this.#longestMs),
      costMicroUsd: times.length * CALL_MICRO_USD,
    }
  }
}

/**
 * The most of these ascending times that one window holds; it excludes its own end. Answers that came
 * within a window less the longest wait belong to calls that were all admitted within the window.
 */
function mostWithin(times: readonly number[], windowMs: number): number {
  let most = 0
  let oldest = 0
  for (const [index, time] of times.entries()) {
    while ((times[oldest] ?? time) <= time - windowMs) oldest += 1
    most = Math.max(most, index - oldest + 1)
  }
  return most
}

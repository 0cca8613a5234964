/** What the cases of the contract are written with. */
import type { Limit, LimitStatus } from '../../core/limits/limit.ts'
import type {
  Charge,
  ConsumeOutcome,
  Counters,
  LimitsOutcome,
  Receipt,
} from '../../core/ports/counters.ts'

export interface CountersUnderTest {
  readonly counters: Counters
  /** Lets exactly so much time pass, as the counters see it. */
  advanceMs(ms: number): void | Promise<void>
  close(): void | Promise<void>
}

/** One guarantee, tested on fresh counters. */
export type Case = (bench: Bench) => Promise<void>
export type Cases = Readonly<Record<string, Case>>

export const MINUTE_MS = 60_000
const SUBJECT = 'k7Hq2mZ9x'
export const OTHER_SUBJECT = 'i203.0.113.7'

export const sliding = (name: string, quota: number, windowMs = MINUTE_MS): Limit => ({
  name,
  quota,
  windowMs,
  algorithm: 'sliding-window',
})

export const charge = (limits: readonly Limit[], more: Partial<Charge> = {}): Charge => ({
  subject: SUBJECT,
  limits,
  cost: 1,
  ...more,
})

/** Counters under test and what the cases do with them. */
export class Bench {
  readonly #under: CountersUnderTest
  readonly counters: Counters

  constructor(under: CountersUnderTest) {
    this.#under = under
    this.counters = under.counters
  }

  async wait(ms: number): Promise<void> {
    await this.#under.advanceMs(ms)
  }

  async consume(...charges: readonly Charge[]): Promise<ConsumeOutcome> {
    return await this.counters.consume({ charges })
  }

  async peek(...charges: readonly Charge[]): Promise<LimitsOutcome> {
    return await this.counters.peek({ charges })
  }

  /** True when the charges are taken. */
  async admits(...charges: readonly Charge[]): Promise<boolean> {
    return (await this.consume(...charges)).kind === 'admitted'
  }

  /** How many of `attempts` requests in a row are admitted. */
  async admitted(attempts: number, ...charges: readonly Charge[]): Promise<number> {
    let count = 0
    for (let left = attempts; left > 0; left -= 1) {
      if (await this.admits(...charges)) count += 1
    }
    return count
  }

  async receipt(...charges: readonly Charge[]): Promise<Receipt> {
    const outcome = await this.consume(...charges)
    if (outcome.kind !== 'admitted') throw new Error(`expected an admission, got ${outcome.kind}`)
    return outcome.receipt
  }

  /** Ms that a refusal asks to wait; 0 when there is none. */
  async retryAfterMs(...charges: readonly Charge[]): Promise<number> {
    const outcome = await this.peek(...charges)
    return outcome.kind === 'refused' ? outcome.retryAfterMs : 0
  }

  /** Where the first limit of the first charge stands. */
  async status(...charges: readonly Charge[]): Promise<LimitStatus | undefined> {
    const outcome = await this.peek(...charges)
    return outcome.kind === 'stale-key' ? undefined : outcome.limits[0]?.[0]
  }
}

/** The code of the error that `call` ends with; undefined when it succeeds. */
export async function codeOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call()
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}

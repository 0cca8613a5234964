/**
 * One random trace of holds, costs, seeds and questions, played on counters in memory (whose state is
 * `core/spend/spend-state.ts`) and on Redis at the same time: every answer must be the same. Traces mix
 * caps of all windows and both units, several subjects in one hold, limits beside them, costs above what
 * was held, seeds that were read some time ago and know some of the calls, and waits that end on the
 * edges of seconds, minutes, days and months.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Limit } from '../../src/core/limits/limit.ts'
import type {
  ConsumeOutcome,
  ConsumeRequest,
  SpendCharge,
  SpendSeed,
  TakenHold,
} from '../../src/core/ports/counters.ts'
import type { Amount } from '../../src/core/spend/amount.ts'
import type { SpendCap } from '../../src/core/spend/caps.ts'
import { monthStartMs } from '../../src/core/spend/month.ts'
import { spendSubject } from '../../src/core/subject.ts'
import { createMemoryCounters } from '../../src/counters/memory/index.ts'
import type { CountersForm, RedisConnection } from '../../src/counters/redis/index.ts'
import { countersOn, type RedisRig } from './rig.ts'
import type { TraceOptions } from './same-answers.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

const SUBJECTS = [
  spendSubject({ kind: 'key', id: '7Hq2mZ9x' }),
  spendSubject({ kind: 'owner', id: 'ada{1}@example.com' }),
  spendSubject({ kind: 'account', id: '' }),
]
const LIMITS: readonly Limit[] = Object.freeze([
  { name: 'minute', quota: 4, windowMs: MINUTE_MS, algorithm: 'sliding-window' },
])

/** Small ones, that a cap of some ten holds; and such as need all 53 bits of a sum. */
const units = fc.oneof(
  { arbitrary: fc.nat(40), weight: 8 },
  fc.integer({ min: 2 ** 43, max: 2 ** 44 }),
)
const amount = fc.record({ microUsd: units, tokens: units })

const cap: fc.Arbitrary<SpendCap> = fc.record({
  name: fc.constant(''),
  unit: fc.constantFrom('micro_usd', 'tokens'),
  window: fc.constantFrom('minute', 'day', 'month'),
  quota: fc.oneof({ arbitrary: fc.nat(200), weight: 4 }, fc.constant(2 ** 45 + 1)),
})
const caps = fc
  .array(cap, { maxLength: 4 })
  .map((list) => list.map((one, index) => ({ ...one, name: `c${index}` })))

const seed = fc.record({
  lagMs: fc.constantFrom(0, 0, 1, 40, 999, 4_999, 5_000),
  minutes: fc.array(fc.record({ ago: fc.nat(1_442), amount }), { maxLength: 4 }),
  month: amount,
  /** Of the calls so far, these are open to the ledger. */
  open: fc.array(fc.nat(30), { maxLength: 4 }),
})

const step = fc.record({
  wait: fc.constantFrom(
    0,
    0,
    0,
    0,
    0,
    20,
    SECOND_MS,
    7_000,
    MINUTE_MS,
    DAY_MS / 3,
    DAY_MS,
    9 * DAY_MS,
  ),
  /** Waits until just before, at or after the edge of such a span. */
  edge: fc.option(
    fc.record({
      spanMs: fc.constantFrom(SECOND_MS, MINUTE_MS),
      aroundMs: fc.integer({ min: -1, max: 1 }),
    }),
    { freq: 2 },
  ),
  subjects: fc.subarray([0, 1, 2], { minLength: 1 }),
  amount,
  isLimited: fc.boolean(),
  agedMs: fc.option(fc.nat(5_000), { freq: 2 }),
  settle: fc.option(fc.record({ which: fc.nat(9), actual: amount }), { freq: 2 }),
  seed: fc.option(fc.record({ subject: fc.nat(2), seed }), { freq: 2 }),
})
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

class Trace {
  readonly #rig: RedisRig
  readonly #memory: ReturnType<typeof createMemoryCounters>
  readonly #caps: readonly (readonly SpendCap[])[]
  readonly #calls: (TakenHold & { readonly amount: Amount })[] = []
  compared = 0

  constructor(rig: RedisRig, ofSubjects: readonly (readonly SpendCap[])[]) {
    this.#rig = rig
    this.#memory = createMemoryCounters({ clock: rig.clock })
    this.#caps = ofSubjects
  }

  async play(now: Step): Promise<void> {
    await this.#wait(now)
    if (now.seed !== null) await this.#seed(now.seed.subject, now.seed.seed)
    await this.#hold(now)
    if (now.settle !== null) await this.#settle(now.settle.which, now.settle.actual)
    await this.#compareStatus()
  }

  get #nowMs(): number {
    return this.#memory.nowMs()
  }

  async #wait({ wait, edge }: Step): Promise<void> {
    await this.#rig.advanceMs(wait)
    if (edge === null) return
    const untilEdgeMs = edge.spanMs - (this.#nowMs % edge.spanMs)
    await this.#rig.advanceMs(Math.max(0, untilEdgeMs + edge.aroundMs))
  }

  #chargesOf(subjects: readonly number[]): SpendCharge[] {
    return subjects.map((index) => ({
      subject: SUBJECTS[index] ?? '',
      caps: this.#caps[index] ?? [],
    }))
  }

  async #hold({ subjects, amount: held, isLimited, agedMs }: Step): Promise<void> {
    const charges = this.#chargesOf(subjects)
    const id = `call-${this.#calls.length}`
    const seededSinceMs = agedMs === null ? 0 : this.#nowMs - agedMs
    const request: ConsumeRequest = {
      charges: isLimited ? [{ subject: 'k7Hq2mZ9x', limits: LIMITS, cost: 1 }] : [],
      hold: { id, amount: held, charges, seededSinceMs },
    }
    const expected = this.#memory.consume(request)
    const actual = await this.#rig.counters.consume(request)
    assert.deepEqual(visible(actual), visible(expected))
    this.compared += 1
    const atMs = expected.kind === 'admitted' ? expected.receipt.atMs : this.#nowMs
    this.#calls.push({ id, atMs, charges, amount: held })
  }

  /** Any of the last calls, whether it was admitted, was settled before, or not. */
  async #settle(which: number, actual: Amount): Promise<void> {
    const call = this.#calls[Math.max(0, this.#calls.length - 1 - which)]
    if (call === undefined) return
    this.#memory.settleHold(call, actual)
    await this.#rig.counters.settleHold(call, actual)
  }

  async #seed(index: number, known: NonNullable<Step['seed']>['seed']): Promise<void> {
    const readAtMs = this.#nowMs - known.lagMs
    const minuteMs = readAtMs - (readAtMs % MINUTE_MS)
    const minutes = known.minutes.map((one) => {
      return { startMs: minuteMs - one.ago * MINUTE_MS, ...one.amount }
    })
    const open = [...new Set(known.open)].flatMap((number) => {
      const call = this.#calls[number]
      return call === undefined ? [] : [{ id: call.id, atMs: call.atMs, ...call.amount }]
    })
    const month = { startMs: monthStartMs(readAtMs), ...known.month }
    const one: SpendSeed = { subject: SUBJECTS[index] ?? '', readAtMs, minutes, month, open }
    this.#memory.seed([one])
    await this.#rig.counters.seed([one])
  }

  async #compareStatus(): Promise<void> {
    const charges = this.#chargesOf([2, 0, 1])
    const expected = this.#memory.spendStatus(charges)
    assert.deepEqual(await this.#rig.counters.spendStatus(charges), expected)
    this.compared += 1
  }
}

/** What callers see. */
function visible(outcome: ConsumeOutcome): unknown {
  if (outcome.kind !== 'admitted') return outcome
  return { kind: outcome.kind, limits: outcome.limits, atMs: outcome.receipt.atMs }
}

/** Resolves with the number of answers that were compared. */
export async function sameSpend(
  connection: RedisConnection,
  form: CountersForm,
  { seed: number, traces, stepsPerTrace }: TraceOptions,
): Promise<number> {
  let compared = 0
  const trace = fc.record({
    ofSubjects: fc.tuple(caps, caps, caps),
    steps: fc.array(step, { minLength: stepsPerTrace, maxLength: stepsPerTrace }),
  })
  const property = fc.asyncProperty(trace, async ({ ofSubjects, steps }) => {
    const played = new Trace(countersOn(connection, form), ofSubjects)
    for (const now of steps) await played.play(now)
    compared += played.compared
  })
  await fc.assert(property, { seed: number, numRuns: traces, endOnFailure: true })
  return compared
}

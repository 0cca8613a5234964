/**
 * The contract of Counters as tests. Every implementation passes the same suite: pass your test
 * runner and a function that makes empty counters whose time you can move.
 *
 * ```ts
 * import { describe, expect, test } from 'vitest'
 * countersContract({ describe, test, expect }, async () => {
 *   const clock = createTestClock()
 *   const counters = createMemoryCounters({ clock })
 *   return { counters, advanceMs: (ms) => clock.advance(ms), close: () => counters.close() }
 * })
 * ```
 */
import type { Limit, LimitStatus } from '../core/limits/limit.ts'
import type { Charge, ConsumeOutcome, Counters, Receipt } from '../core/ports/counters.ts'

/** The part of a test runner that the suite needs; those of vitest, jest and bun fit. */
export interface ContractRunner {
  describe(name: string, body: () => void): void
  test(name: string, body: () => Promise<void>): void
  expect(actual: unknown): { toEqual(expected: unknown): void }
}

export interface CountersUnderTest {
  readonly counters: Counters
  /** Lets exactly so much time pass, as the counters see it. */
  advanceMs(ms: number): void | Promise<void>
  close(): void | Promise<void>
}

const MINUTE_MS = 60_000
const SUBJECT = 'k7Hq2mZ9x'
const OTHER_SUBJECT = 'i203.0.113.7'

const sliding = (name: string, quota: number, windowMs = MINUTE_MS): Limit => ({
  name,
  quota,
  windowMs,
  algorithm: 'sliding-window',
})

const charge = (limits: readonly Limit[], more: Partial<Charge> = {}): Charge => ({
  subject: SUBJECT,
  limits,
  cost: 1,
  ...more,
})

/** Counters under test and what the cases do with them. */
class Bench {
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

  async peek(...charges: readonly Charge[]): Promise<ConsumeOutcome> {
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

type Case = (bench: Bench, expect: ContractRunner['expect']) => Promise<void>

/** Runs the suite over the counters that `makeCounters` makes, fresh for every test. */
export function countersContract(
  runner: ContractRunner,
  makeCounters: () => Promise<CountersUnderTest>,
): void {
  for (const [group, cases] of Object.entries(GROUPS)) {
    runner.describe(group, () => {
      for (const [name, body] of Object.entries(cases)) {
        runner.test(name, () => runCase(runner, makeCounters, body))
      }
    })
  }
}

async function runCase(
  runner: ContractRunner,
  makeCounters: () => Promise<CountersUnderTest>,
  body: Case,
): Promise<void> {
  const under = await makeCounters()
  try {
    await body(new Bench(under), (actual) => runner.expect(actual))
  } finally {
    await under.close()
  }
}

const SLIDING_WINDOW: Record<string, Case> = {
  'a unit counts until exactly one window after it': async (bench, expect) => {
    const minute = charge([sliding('minute', 2)])
    expect(await bench.admitted(3, minute)).toEqual(2)
    await bench.wait(MINUTE_MS - 1)
    expect(await bench.admits(minute)).toEqual(false)
    await bench.wait(1)
    expect(await bench.admitted(3, minute)).toEqual(2)
  },
  'nothing more is admitted across the edge of a clock minute': async (bench, expect) => {
    const minute = charge([sliding('minute', 60)])
    expect(await bench.admitted(60, minute)).toEqual(60)
    for (let second = 1; second < 60; second += 1) {
      await bench.wait(1000)
      expect(await bench.admits(minute)).toEqual(false)
    }
    await bench.wait(1000)
    expect(await bench.admitted(61, minute)).toEqual(60)
  },
  'a refused request is never counted': async (bench, expect) => {
    const minute = charge([sliding('minute', 3)])
    await bench.admitted(3, minute)
    await bench.wait(30_000)
    expect(await bench.admitted(100, minute)).toEqual(0)
    await bench.wait(30_000)
    expect(await bench.admitted(4, minute)).toEqual(3)
  },
  'the status says what is left and when the next unit comes back': async (bench, expect) => {
    const minute = charge([sliding('minute', 3)])
    const fresh = { name: 'minute', quota: 3, windowMs: MINUTE_MS, remaining: 3, resetMs: 0 }
    expect(await bench.status(minute)).toEqual(fresh)
    await bench.consume(minute)
    await bench.wait(10_000)
    await bench.consume(minute)
    expect(await bench.status(minute)).toEqual({ ...fresh, remaining: 1, resetMs: 50_000 })
    await bench.wait(50_000)
    expect(await bench.status(minute)).toEqual({ ...fresh, remaining: 2, resetMs: 10_000 })
  },
  'a window of a year forgets nothing and ends on the ms': async (bench, expect) => {
    const year = charge([sliding('year', 2, 366 * 86_400_000)])
    await bench.admitted(2, year)
    await bench.wait(366 * 86_400_000 - 1)
    expect(await bench.admits(year)).toEqual(false)
    await bench.wait(1)
    expect(await bench.admits(year)).toEqual(true)
  },
}

const SEVERAL_LIMITS: Record<string, Case> = {
  'what one limit refuses is charged to none': async (bench, expect) => {
    const both = charge([sliding('minute', 2), sliding('day', 5, 86_400_000)])
    expect(await bench.admitted(50, both)).toEqual(2)
    await bench.wait(MINUTE_MS)
    expect(await bench.admitted(50, both)).toEqual(2)
    await bench.wait(MINUTE_MS)
    expect(await bench.admitted(50, both)).toEqual(1)
  },
  'what one charge refuses is charged to no subject': async (bench, expect) => {
    const key = charge([sliding('minute', 1)])
    const address = charge([sliding('ip', 3)], { subject: OTHER_SUBJECT })
    expect(await bench.admitted(10, address, key)).toEqual(1)
    expect(await bench.admitted(10, address)).toEqual(2)
    expect(await bench.admits(address, key)).toEqual(false)
  },
  'a refusal names the limit and the charge with the longest wait': async (bench, expect) => {
    const key = charge([sliding('second', 1, 1000), sliding('minute', 1)])
    const address = charge([sliding('ip', 1, 10_000)], { subject: OTHER_SUBJECT })
    await bench.consume(address, key)
    const outcome = await bench.consume(address, key)
    expect(outcome.kind).toEqual('refused')
    if (outcome.kind !== 'refused') return
    const { reason, chargeIndex, limitName, retryAfterMs } = outcome
    expect({ reason, chargeIndex, limitName, retryAfterMs }).toEqual({
      reason: 'limit',
      chargeIndex: 1,
      limitName: 'minute',
      retryAfterMs: MINUTE_MS,
    })
    expect(outcome.limits.map((list) => list.map((status) => status.remaining))).toEqual([
      [0],
      [0, 0],
    ])
  },
  'waiting exactly as long as told is enough, 1 ms less is not': async (bench, expect) => {
    const both = charge([sliding('second', 2, 1000), sliding('minute', 5)])
    for (let round = 0; round < 20; round += 1) {
      const waitMs = await bench.retryAfterMs(both)
      if (waitMs > 1) {
        await bench.wait(waitMs - 1)
        expect(await bench.admits(both)).toEqual(false)
        await bench.wait(1)
      } else await bench.wait(waitMs)
      expect(await bench.admits(both)).toEqual(true)
      await bench.wait((round * 97) % 400)
    }
  },
  'subjects are counted apart': async (bench, expect) => {
    const limits = [sliding('minute', 1)]
    expect(await bench.admits(charge(limits))).toEqual(true)
    expect(await bench.admits(charge(limits, { subject: 'k7Hq2mZ9y' }))).toEqual(true)
    expect(await bench.admits(charge(limits))).toEqual(false)
  },
  '64 calls at once with room for one admit exactly one': async (bench, expect) => {
    const minute = charge([sliding('minute', 10)])
    const address = charge([sliding('ip', 1000)], { subject: OTHER_SUBJECT })
    await bench.admitted(9, minute)
    const outcomes = await Promise.all(
      Array.from({ length: 64 }, () => bench.consume(address, minute)),
    )
    expect(outcomes.filter((outcome) => outcome.kind === 'admitted').length).toEqual(1)
    expect((await bench.status(address))?.remaining).toEqual(999)
  },
}

const BURST: Record<string, Case> = {
  'a burst spends what the window before left unused': async (bench, expect) => {
    const bursting = charge([burstLimit()])
    expect(await bench.admitted(30, bursting)).toEqual(12)
    await bench.wait(MINUTE_MS)
    expect(await bench.admitted(30, bursting)).toEqual(10)
  },
  'a burst closes after its time and does not begin again within a window': async (
    bench,
    expect,
  ) => {
    const bursting = charge([burstLimit()])
    expect(await bench.admitted(11, bursting)).toEqual(11)
    await bench.wait(9999)
    expect((await bench.peek(bursting)).kind).toEqual('admitted')
    await bench.wait(1)
    expect(await bench.admits(bursting)).toEqual(false)
    expect(await bench.retryAfterMs(bursting)).toEqual(50_000)
  },
  'a wait is long enough although an open burst closes meanwhile': async (bench, expect) => {
    const bursting = charge([burstLimit()])
    const address = charge([sliding('ip', 12, 20_000)], { subject: OTHER_SUBJECT })
    await bench.admitted(11, bursting)
    await bench.admitted(12, address)
    expect(await bench.retryAfterMs(address, bursting)).toEqual(MINUTE_MS)
    await bench.wait(MINUTE_MS)
    expect(await bench.admits(address, bursting)).toEqual(true)
  },
  'the status does not show the extra': async (bench, expect) => {
    const bursting = charge([burstLimit()])
    await bench.admitted(11, bursting)
    expect((await bench.status(bursting))?.remaining).toEqual(0)
  },
}

function burstLimit(): Limit {
  return { ...sliding('minute', 10), burst: { extraQuota: 2, durationMs: 10_000 } }
}

const OTHER_ALGORITHMS: Record<string, Case> = {
  'buckets admit the quota at once and then as it drains': async (bench, expect) => {
    for (const algorithm of ['token-bucket', 'leaky-bucket'] as const) {
      const bucket = charge([{ ...sliding(algorithm, 7, 10_000), algorithm }], {
        subject: `k${algorithm}`,
      })
      expect(await bench.admitted(20, bucket)).toEqual(7)
      expect(await bench.retryAfterMs(bucket)).toEqual(1429)
      await bench.wait(1428)
      expect(await bench.admits(bucket)).toEqual(false)
      await bench.wait(1)
      expect(await bench.admitted(2, bucket)).toEqual(1)
      await bench.wait(10_000)
      expect(await bench.admitted(20, bucket)).toEqual(7)
      await bench.wait(10_000)
    }
  },
  'a fixed window admits the quota until it ends': async (bench, expect) => {
    const fixed = charge([{ ...sliding('minute', 3), algorithm: 'fixed-window' }])
    await bench.consume(fixed)
    const status = await bench.status(fixed)
    expect(await bench.admitted(10, fixed)).toEqual(2)
    await bench.wait((status?.resetMs ?? 0) - 1)
    expect(await bench.admits(fixed)).toEqual(false)
    await bench.wait(1)
    expect(await bench.admitted(10, fixed)).toEqual(3)
  },
}

const COST: Record<string, Case> = {
  'a request takes its cost from every limit, or nothing': async (bench, expect) => {
    const limits = [sliding('minute', 10), sliding('day', 100, 86_400_000)]
    expect(await bench.admits(charge(limits, { cost: 7 }))).toEqual(true)
    expect(await bench.admits(charge(limits, { cost: 4 }))).toEqual(false)
    expect(await bench.admits(charge(limits, { cost: 3 }))).toEqual(true)
    expect((await bench.status(charge(limits)))?.remaining).toEqual(0)
  },
  'a cost that is not whole, not positive or can never fit is an error': async (bench, expect) => {
    const limits = [sliding('minute', 10)]
    for (const cost of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 11]) {
      expect(await codeOf(() => bench.consume(charge(limits, { cost })))).toEqual('invalid_field')
    }
    expect((await bench.status(charge(limits)))?.remaining).toEqual(10)
  },
  'a subject charged twice in one request is an error': async (bench, expect) => {
    const minute = charge([sliding('minute', 10)])
    expect(await codeOf(() => bench.consume(minute, { ...minute }))).toEqual('invalid_field')
  },
}

/** The code of the error that `call` ends with; undefined when it succeeds. */
async function codeOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call()
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}

const PEEK: Record<string, Case> = {
  'peek charges nothing and says what consume would': async (bench, expect) => {
    const minute = charge([sliding('minute', 1)])
    for (let times = 0; times < 5; times += 1) {
      expect((await bench.peek(minute)).kind).toEqual('admitted')
    }
    expect((await bench.status(minute))?.remaining).toEqual(1)
    await bench.consume(minute)
    expect((await bench.peek(minute)).kind).toEqual('refused')
  },
  'settling the receipt of a peek changes nothing': async (bench, expect) => {
    const minute = charge([sliding('minute', 1)], { maxConcurrent: 1 })
    const peeked = await bench.peek(minute)
    await bench.consume(minute)
    if (peeked.kind === 'admitted') await bench.counters.settle(peeked.receipt, [0])
    expect((await bench.status(minute))?.remaining).toEqual(0)
  },
}

const SETTLE: Record<string, Case> = {
  'a lower cost gives the rest back, once': async (bench, expect) => {
    const minute = charge([sliding('minute', 10)], { cost: 8 })
    const receipt = await bench.receipt(minute)
    await bench.counters.settle(receipt, [3])
    await bench.counters.settle(receipt, [0])
    expect((await bench.status(minute))?.remaining).toEqual(7)
  },
  'a cost of 0 undoes the charge': async (bench, expect) => {
    const limits = [sliding('minute', 1), sliding('day', 5, 86_400_000)]
    await bench.counters.settle(await bench.receipt(charge(limits)), [0])
    const outcome = await bench.peek(charge(limits))
    const left = outcome.kind === 'stale-key' ? [] : outcome.limits[0]?.map((one) => one.remaining)
    expect(left).toEqual([1, 5])
  },
  'giving back takes out the units of that request only': async (bench, expect) => {
    const minute = charge([sliding('minute', 3)])
    const receipt = await bench.receipt(minute)
    await bench.wait(1000)
    await bench.admitted(2, minute)
    await bench.counters.settle(receipt, [0])
    expect(await bench.admitted(2, minute)).toEqual(1)
    await bench.wait(MINUTE_MS - 1)
    expect(await bench.admits(minute)).toEqual(false)
    await bench.wait(1)
    expect(await bench.admits(minute)).toEqual(true)
  },
  'a higher cost is charged even above the quota': async (bench, expect) => {
    const minute = charge([sliding('minute', 10)])
    const receipt = await bench.receipt(minute)
    await bench.wait(5000)
    await bench.counters.settle(receipt, [25])
    expect((await bench.status(minute))?.remaining).toEqual(0)
    await bench.wait(MINUTE_MS - 1)
    expect(await bench.admits(minute)).toEqual(false)
    await bench.wait(1)
    expect(await bench.admitted(11, minute)).toEqual(10)
  },
  'without costs they stand': async (bench, expect) => {
    const minute = charge([sliding('minute', 2)])
    await bench.counters.settle(await bench.receipt(minute))
    expect((await bench.status(minute))?.remaining).toEqual(1)
  },
  'each algorithm gives back what was just taken': async (bench, expect) => {
    for (const algorithm of ['token-bucket', 'leaky-bucket', 'fixed-window'] as const) {
      const limits = [{ ...sliding(algorithm, 5), algorithm }]
      const subject = `k${algorithm}`
      const receipt = await bench.receipt(charge(limits, { subject, cost: 5 }))
      await bench.counters.settle(receipt, [2])
      expect(await bench.admitted(5, charge(limits, { subject }))).toEqual(3)
    }
  },
  'a cost that is not a whole number of at least 0 changes nothing': async (bench, expect) => {
    const minute = charge([sliding('minute', 5)])
    const receipt = await bench.receipt(minute)
    for (const costs of [[-1], [Number.NaN], [0.5], [], [0, 0]]) {
      const settled = async (): Promise<void> => await bench.counters.settle(receipt, costs)
      expect(await codeOf(settled)).toEqual('invalid_field')
    }
    expect((await bench.status(minute))?.remaining).toEqual(4)
  },
}

const CONCURRENCY: Record<string, Case> = {
  'a place is held from the admission to its settling': async (bench, expect) => {
    const capped = charge([sliding('minute', 100)], { maxConcurrent: 2 })
    const first = await bench.receipt(capped)
    await bench.receipt(capped)
    const refused = await bench.consume(capped)
    expect(refused.kind === 'refused' && [refused.reason, refused.limitName]).toEqual([
      'concurrency',
      'concurrency',
    ])
    await bench.wait(10 * MINUTE_MS)
    expect(await bench.admits(capped)).toEqual(false)
    await bench.counters.settle(first)
    await bench.counters.settle(first)
    expect(await bench.admitted(2, capped)).toEqual(1)
  },
  'a refusal for want of a place charges nothing': async (bench, expect) => {
    const capped = charge([sliding('minute', 5)], { maxConcurrent: 1 })
    await bench.admitted(20, capped)
    expect((await bench.status(capped))?.remaining).toEqual(4)
  },
  'a refusal by a limit holds no place': async (bench, expect) => {
    const capped = charge([sliding('minute', 1)], { maxConcurrent: 1 })
    await bench.counters.settle(await bench.receipt(capped))
    const refused = await bench.consume(capped)
    expect(refused.kind === 'refused' && refused.reason).toEqual('limit')
    await bench.wait(MINUTE_MS)
    expect(await bench.admits(capped)).toEqual(true)
  },
  'places need no limits': async (bench, expect) => {
    const capped = charge([], { maxConcurrent: 1 })
    expect(await bench.admitted(3, capped)).toEqual(1)
  },
}

const VERSIONS: Record<string, Case> = {
  'a caller with an older version is told and charged nothing': async (bench, expect) => {
    const minute = charge([sliding('minute', 5)])
    const consume = async (version: number): Promise<ConsumeOutcome> =>
      await bench.counters.consume({ charges: [minute], key: { keyId: '7Hq2mZ9x', version } })
    expect((await consume(1)).kind).toEqual('admitted')
    await bench.counters.setKeyVersion('7Hq2mZ9x', 2)
    expect(await consume(1)).toEqual({ kind: 'stale-key', version: 2 })
    expect((await bench.status(minute))?.remaining).toEqual(4)
    expect((await consume(2)).kind).toEqual('admitted')
    expect((await consume(3)).kind).toEqual('admitted')
  },
  'versions only grow': async (bench, expect) => {
    await bench.counters.setKeyVersion('7Hq2mZ9x', 5)
    await bench.counters.setKeyVersion('7Hq2mZ9x', 3)
    const key = { keyId: '7Hq2mZ9x', version: 4 }
    const outcome = await bench.counters.consume({ charges: [], key })
    expect(outcome).toEqual({ kind: 'stale-key', version: 5 })
    const other = { keyId: '7Hq2mZ9y', version: 1 }
    expect((await bench.counters.peek({ charges: [], key: other })).kind).toEqual('admitted')
  },
}

const GROUPS: Record<string, Record<string, Case>> = {
  'sliding window': SLIDING_WINDOW,
  'several limits and charges': SEVERAL_LIMITS,
  burst: BURST,
  'other algorithms': OTHER_ALGORITHMS,
  cost: COST,
  peek: PEEK,
  settle: SETTLE,
  'requests in flight': CONCURRENCY,
  'key versions': VERSIONS,
}

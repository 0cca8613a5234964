/**
 * Any order of calls, costs, crashes and time: what is spent and held never passes a cap, is decided as
 * by a naive list of all calls, and equals the ledger.
 */
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import {
  DeskRig,
  issue,
  ledger,
  type SpendingProcess,
  spend,
  usd,
  used,
} from '../../../tests/spend/desk-rig.ts'
import type { LockgateConfig } from '../../config/index.ts'
import type { Reservation } from '../../core/decision.ts'
import { NO_USAGE } from '../../core/spend/amount.ts'

const RUNS = Math.ceil(Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000) / 40)
const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const CAPS = { spend_day: 1_000, account_spend_day: 1_500, account_spend_month: 4_000 }
const CONFIG: LockgateConfig = {
  spend: { account: { perDay: '$0.0015', perMonth: '$0.004' } },
  tiers: { free: { limits: [], spend: { perDay: '$0.001' } } },
}

interface Call {
  readonly key: number
  readonly atMs: number
  held: number
  /** What counts. */
  counted: number
  /** undefined: nobody can settle it any more. */
  reservation: Reservation | undefined
  /** Its cost is in the ledger. */
  isWritten: boolean
}

type Step =
  | { readonly kind: 'call'; readonly key: number; readonly amount: number }
  | { readonly kind: 'extend' | 'settle'; readonly which: number; readonly amount: number }
  | { readonly kind: 'abandon'; readonly which: number }
  | { readonly kind: 'crash' | 'restart' | 'write' }
  | { readonly kind: 'pass' | 'skip'; readonly ms: number }

const amount = fc.integer({ min: 1, max: 400 })
const which = fc.nat(20)
const calls = fc.record({ kind: fc.constant('call' as const), key: fc.nat(1), amount })
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { arbitrary: calls, weight: 8 },
    {
      arbitrary: fc.record({ kind: fc.constantFrom('extend', 'settle', 'settle'), which, amount }),
      weight: 6,
    },
    { arbitrary: fc.record({ kind: fc.constant('abandon' as const), which }), weight: 1 },
    { arbitrary: fc.record({ kind: fc.constantFrom('crash', 'restart', 'write') }), weight: 2 },
    {
      arbitrary: fc.record({
        kind: fc.constant('pass' as const),
        ms: fc.integer({ min: 1, max: 70_000 }),
      }),
      weight: 2,
    },
    {
      arbitrary: fc.record({
        kind: fc.constant('skip' as const),
        ms: fc.integer({ min: 1_000, max: 2 * DAY_MS }),
      }),
      weight: 1,
    },
  ),
  { minLength: 5, maxLength: 40 },
)

class Run {
  readonly #rig: DeskRig
  #process: SpendingProcess
  readonly #keys: readonly { readonly key: string; readonly keyId: string }[]
  #calls: Call[] = []

  constructor(rig: DeskRig, process: SpendingProcess, keys: Run['keys']) {
    this.#rig = rig
    this.#process = process
    this.#keys = keys
  }

  get keys(): readonly { readonly key: string; readonly keyId: string }[] {
    return this.#keys
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'call':
        return this.#call(step.key, step.amount)
      case 'extend':
        return this.#extend(this.#open(step.which), step.amount)
      case 'settle':
        return this.#settle(this.#open(step.which), step.amount)
      case 'abandon':
        return this.#abandon(this.#open(step.which))
      case 'write':
        return this.#pass(50)
      case 'crash':
        return this.#end((process) => process.crash())
      case 'restart':
        return this.#end((process) => this.#rig.stop(process))
      case 'pass':
        return this.#pass(step.ms)
      case 'skip':
        return this.#skip(step.ms)
    }
  }

  async compare(): Promise<void> {
    for (const [index, { keyId }] of this.#keys.entries()) {
      expect(await used(this.#process, keyId)).toEqual(this.#usedBy(index))
    }
  }

  async compareLedger(): Promise<void> {
    const { spent, held } = await ledger(this.#process)
    for (const call of this.#calls) if (call.counted !== call.held) call.isWritten = true
    expect(spent + held).toBe(this.#calls.reduce((sum, { counted }) => sum + counted, 0))
  }

  #open(index: number): Call | undefined {
    const open = this.#calls.filter(({ reservation }) => reservation !== undefined)
    return open[index % Math.max(1, open.length)]
  }

  async #call(key: number, amount: number): Promise<void> {
    const atMs = this.#rig.clock.monotonicMs()
    const decision = await spend(this.#process, this.#keys[key]?.key ?? '', amount)
    expect(decision.allowed).toBe(this.#fits(key, amount))
    if (!decision.allowed) return
    const { reservation } = decision
    this.#writeEarlier()
    this.#calls.push({ key, atMs, held: amount, counted: amount, reservation, isWritten: false })
  }

  /** Within one minute only: what is held later belongs to a later slice. */
  async #extend(call: Call | undefined, amount: number): Promise<void> {
    const isSameMs = call?.atMs === this.#rig.clock.monotonicMs()
    if (call?.reservation === undefined || !isSameMs) return
    const fits = this.#fits(call.key, amount)
    expect(await call.reservation.extend(usd(amount))).toBe(fits)
    if (!fits) return
    this.#writeEarlier()
    call.held += amount
    call.counted += amount
  }

  /** What earlier calls have cost is in the ledger before another is opened there. */
  #writeEarlier(): void {
    for (const call of this.#calls) if (call.reservation === undefined) call.isWritten = true
  }

  #settle(call: Call | undefined, cost: number): void {
    if (call?.reservation === undefined) return
    call.counted = Math.min(cost, call.held)
    call.reservation.settle(usd(call.counted), NO_USAGE)
    call.reservation = undefined
  }

  #abandon(call: Call | undefined): void {
    if (call?.reservation === undefined) return
    call.reservation.abandon()
    call.reservation = undefined
    call.isWritten = true
  }

  async #end(end: (process: SpendingProcess) => void | Promise<void>): Promise<void> {
    await end(this.#process)
    const isLost = this.#process.line.faults.size > 0
    for (const call of this.#calls) {
      if (isLost && !call.isWritten) call.counted = call.held
      call.reservation = undefined
      call.isWritten = true
    }
    this.#process = await this.#rig.open(CONFIG, { chores: true })
  }

  async #pass(ms: number): Promise<void> {
    await this.#rig.pass(ms)
    // A batch of costs goes out some 25 ms after the first of them.
    if (ms >= 50) this.#writeEarlier()
  }

  /** Nothing runs through a long time: leases are renewed by timers, which do not see it. */
  async #skip(ms: number): Promise<void> {
    for (const call of this.#calls) this.#settle(call, call.held)
    await this.#pass(50)
    await this.#rig.skip(ms)
  }

  #fits(key: number, amount: number): boolean {
    const counted = this.#usedBy(key)
    return Object.entries(CAPS).every(([name, quota]) => (counted[name] ?? 0) + amount <= quota)
  }

  #usedBy(key: number): Record<string, number> {
    const nowMs = this.#rig.clock.monotonicMs()
    const sum = (counts: (call: Call) => boolean): number =>
      this.#calls.filter(counts).reduce((total, { counted }) => total + counted, 0)
    const isInDay = ({ atMs }: Call): boolean =>
      atMs - (atMs % MINUTE_MS) + MINUTE_MS + DAY_MS > nowMs
    return {
      spend_day: sum((call) => call.key === key && isInDay(call)),
      account_spend_day: sum(isInDay),
      account_spend_month: sum(({ atMs }) => monthOf(atMs) === monthOf(nowMs)),
    }
  }
}

const monthOf = (ms: number): string => new Date(ms).toISOString().slice(0, 7)

let rig: DeskRig | undefined
afterEach(() => rig?.close())

test('what is spent and held is what a naive list says, and never more than a cap', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      rig = new DeskRig()
      const process = await rig.open(CONFIG, { chores: true })
      const keys = [await issue(process.gate), await issue(process.gate)]
      const run = new Run(rig, process, keys)
      for (const step of taken) {
        await run.take(step)
        await run.compare()
      }
      await run.compareLedger()
      await rig.close()
      rig = undefined
    }),
    { numRuns: RUNS },
  )
}, 120_000)

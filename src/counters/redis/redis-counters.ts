/**
 * Counters on Redis or Valkey, shared by any number of instances.
 *
 * Everything about one API key, or one address, is decided by one run of a Lua script, and so is the
 * whole request where all keys are on one server. In a Cluster a key and an address lie on different
 * servers: both are asked at once, and when one refuses, the other takes back what it gave before the
 * answer goes out. Until then a request of somebody else may be refused; never is one too many
 * admitted. Time is the server's. Failure: rejects with `CountersUnavailableError`; calls have no
 * deadline here (the engine sets it) and are never repeated.
 */
import { randomId } from '../../core/crypto.ts'
import { checkActualCosts } from '../../core/limits/charge-check.ts'
import { refusalOf } from '../../core/limits/refusal.ts'
import type {
  CapStatus,
  ConsumeOutcome,
  ConsumeRequest,
  LimitsOutcome,
  LocalUsage,
  Receipt,
  SharedCounters,
  SpendCharge,
  SpendSeed,
  TakenHold,
} from '../../core/ports/counters.ts'
import type { Amount } from '../../core/spend/amount.ts'
import { type Looked, readConsumed, readLooked } from './answers.ts'
import type { Answer, Batch, PlannedCharge } from './batch.ts'
import type { RedisConnection } from './connection.ts'
import { callFailure, unavailable } from './failure.ts'
import type { KeyNames } from './key-names.ts'
import { HEARTBEAT } from './lua/heartbeat.ts'
import {
  inOrder,
  latestMs,
  looksOf,
  NOTHING_LOOKED_AT,
  receiptParts,
  statusesOf,
} from './part-answers.ts'
import { Places } from './places.ts'
import type { ScriptPlans } from './plans.ts'
import { type ReceiptPart, RedisReceipt } from './receipt.ts'
import { planCharges, type RequestPart, splitByTag } from './request-parts.ts'
import type { Sender } from './sender.ts'

const PROBE_LIFETIME_MS = 1000

export interface RedisCountersParts {
  readonly connection: RedisConnection
  readonly names: KeyNames
  readonly plans: ScriptPlans
  readonly sender: Sender
}

export class RedisCounters implements SharedCounters {
  readonly #parts: RedisCountersParts
  readonly #places: Places
  readonly #process = randomId(12)
  #receipts = 0

  constructor(parts: RedisCountersParts) {
    this.#parts = parts
    this.#places = new Places((receipt) => this.#renew(receipt))
  }

  consume(request: ConsumeRequest): Promise<ConsumeOutcome> {
    const charges = planCharges(request.charges, this.#parts.plans)
    const parts = this.#split(charges, request)
    const id = `${this.#process}${(this.#receipts++).toString(36)}`
    const [only] = parts
    if (only !== undefined && parts.length === 1) return this.#consumeWhole(id, only)
    return this.#consumeParts(id, charges, parts)
  }

  /** Everything is decided by one run of the script: nothing is ever to be given back. */
  async #consumeWhole(id: string, part: RequestPart): Promise<ConsumeOutcome> {
    const { charges } = part
    const consumed = readConsumed(await this.#batch(part).consume(charges, part.key, id), charges)
    if (consumed.kind === 'stale') return { kind: 'stale-key', version: consumed.version }
    if (consumed.kind === 'refused') return refusalOf(consumed.looks, consumed.statuses)
    const { atMs, marks, statuses } = consumed
    const receipt = new RedisReceipt(id, atMs, charges, [{ ...part, atMs, marks }])
    this.#places.hold(receipt)
    return { kind: 'admitted', receipt, limits: statuses }
  }

  async #consumeParts(
    id: string,
    charges: readonly PlannedCharge[],
    parts: readonly RequestPart[],
  ): Promise<ConsumeOutcome> {
    const consumed = await Promise.all(
      parts.map(async (part) => {
        const answer = await this.#batch(part).consume(part.charges, part.key, id)
        return readConsumed(answer, part.charges)
      }),
    )
    const stale = consumed.find((one) => one.kind === 'stale')
    const taken = receiptParts(parts, consumed)
    if (stale === undefined && taken.length === parts.length) {
      const receipt = new RedisReceipt(id, latestMs(taken), charges, taken)
      this.#places.hold(receipt)
      return { kind: 'admitted', receipt, limits: inOrder(parts, consumed.map(statusesOf)) }
    }
    const looks = await this.#giveBack(id, taken)
    if (stale !== undefined) return { kind: 'stale-key', version: stale.version }
    const looked = consumed.map((one, index) =>
      one.kind === 'refused' ? one : (looks.get(parts[index]?.tag ?? '') ?? NOTHING_LOOKED_AT),
    )
    return refusalOf(inOrder(parts, looked.map(looksOf)), inOrder(parts, looked.map(statusesOf)))
  }

  async peek(request: ConsumeRequest): Promise<LimitsOutcome> {
    const charges = planCharges(request.charges, this.#parts.plans)
    const parts = this.#split(charges, request)
    const looked = await Promise.all(parts.map((part) => this.#look(part)))
    const stale = looked.find((one) => one.kind === 'stale')
    if (stale !== undefined) return { kind: 'stale-key', version: stale.version }
    const seen = looked.filter((one) => one.kind === 'looked')
    const looks = inOrder(parts, seen.map(looksOf))
    const limits = inOrder(parts, seen.map(statusesOf))
    const fits = looks.every((look) => look.hasPlace && look.limits.every((limit) => limit.fits))
    if (!fits) return refusalOf(looks, limits)
    const receipt = new RedisReceipt('', latestMs(seen), charges, [])
    receipt.settled = true
    return { kind: 'admitted', receipt, limits }
  }

  async settle(receipt: Receipt, actualCosts?: readonly number[]): Promise<void> {
    if (!(receipt instanceof RedisReceipt) || receipt.settled) return
    if (actualCosts !== undefined) checkActualCosts(receipt.charges, actualCosts)
    receipt.settled = true
    this.#places.release(receipt)
    const costs = actualCosts ?? receipt.charges.map((charge) => charge.cost)
    const isAsTaken = receipt.charges.every((charge, index) => charge.cost === costs[index])
    if (isAsTaken && !receipt.hasPlaces) return
    await Promise.all(receipt.parts.map((part) => this.#settlePart(receipt.id, part, costs)))
  }

  async setKeyVersion(keyId: string, version: number): Promise<void> {
    refuseText(await this.#parts.sender.batchFor(keyId, () => true).setVersion(keyId, version))
  }

  async merge(usage: readonly LocalUsage[]): Promise<void> {
    const { names, plans, sender } = this.#parts
    await Promise.all(
      usage.map(({ subject, limits, agesMs }) => {
        const charge = { subject, limits, cost: 1, plan: plans.of(limits) }
        const batch = sender.batchFor(names.tagOf(subject), (open) => open.accepts([charge]))
        return batch.merge(charge, agesMs).then(refuseText)
      }),
    )
  }

  async nowMs(): Promise<number> {
    throw unavailable(new Error('not built'))
  }

  async seed(_seeds: readonly SpendSeed[]): Promise<void> {}

  async settleHold(_hold: TakenHold, _actual: Amount): Promise<void> {}

  async spendStatus(charges: readonly SpendCharge[]): Promise<readonly (readonly CapStatus[])[]> {
    return charges.map(() => [])
  }

  async probe(): Promise<void> {
    const { connection, names } = this.#parts
    try {
      await connection.probe()
      await connection.send('SET', [names.probe, 1, 'PX', PROBE_LIFETIME_MS], names.probe)
    } catch (error) {
      throw unavailable(error)
    }
  }

  async heartbeat(instanceId: string, leaseMs: number): Promise<readonly string[]> {
    const { connection, names } = this.#parts
    const key = names.instances
    try {
      const reply = await connection.send('EVAL', [HEARTBEAT, 1, key, instanceId, leaseMs], key)
      return Array.isArray(reply) ? reply.map(String).sort() : []
    } catch (error) {
      throw unavailable(error)
    }
  }

  /** Renews the places of all requests in flight now; a timer does it anyway. */
  renewPlaces(): Promise<void> {
    return this.#places.renewAll()
  }

  async close(): Promise<void> {
    this.#places.close()
    await this.#parts.connection.close()
  }

  #split(charges: readonly PlannedCharge[], { key }: ConsumeRequest): readonly RequestPart[] {
    const { connection, names } = this.#parts
    return splitByTag(charges, key, connection.isCluster ? names : undefined)
  }

  #batch({
    tag,
    charges,
  }: {
    readonly tag: string
    readonly charges: readonly PlannedCharge[]
  }): Batch {
    return this.#parts.sender.batchFor(tag, (open) => open.accepts(charges))
  }

  async #look(part: RequestPart) {
    return readLooked(await this.#batch(part).peek(part.charges, part.key), part.charges)
  }

  /** Undoes what some parts took because another refused; tells how they look without it. */
  async #giveBack(id: string, taken: readonly ReceiptPart[]): Promise<Map<string, Looked>> {
    const looks = await Promise.all(
      taken.map(async (part) => {
        const settled = this.#settlePart(id, part, [], true)
        const look = await this.#look({ ...part, key: undefined })
        await settled
        return look.kind === 'looked' ? ([[part.tag, look]] as const) : []
      }),
    )
    return new Map(looks.flat())
  }

  /** A cost that is missing is 0. */
  async #settlePart(
    id: string,
    part: ReceiptPart,
    costs: readonly number[],
    undo = false,
  ): Promise<void> {
    const settlements = part.charges.map((charge, index) => ({
      charge,
      actualCost: costs[part.indexes[index] ?? -1] ?? 0,
      marks: part.marks[index] ?? [],
    }))
    refuseText(await this.#batch(part).settle(part.atMs, id, settlements, undo))
  }

  #renew({ id, parts }: RedisReceipt): Promise<unknown> {
    const renewals = parts.flatMap((part) => {
      const capped = part.charges.filter((charge) => charge.maxConcurrent !== undefined)
      return capped.length === 0 ? [] : [this.#batch(part).renewPlaces(id, capped)]
    })
    return Promise.all(renewals)
  }
}

function refuseText(answer: Answer): void {
  if (typeof answer === 'string') throw callFailure(answer)
}

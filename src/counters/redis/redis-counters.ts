/**
 * Counters on Redis or Valkey, shared by any number of instances.
 *
 * Everything about one API key, or one address, is decided by one run of a Lua script, what it holds of
 * its spend included, and so is the whole request where all keys are on one server. In a Cluster a key,
 * an address and an owner lie on different servers: all are asked at once, and when one refuses, the
 * others take back what they gave before the answer goes out. Until then a request of somebody else may be refused; never is one too many
 * admitted. Time is the server's. Failure: rejects with `CountersUnavailableError`; calls have no
 * deadline here (the engine sets it) and are never repeated.
 */
import { randomId } from '../../core/crypto.ts'
import { checkActualCosts } from '../../core/limits/charge-check.ts'
import type {
  CapStatus,
  ConsumeOutcome,
  ConsumeRequest,
  Hold,
  LimitsOutcome,
  LocalUsage,
  Receipt,
  SharedCounters,
  SpendCharge,
  SpendSeed,
  TakenHold,
} from '../../core/ports/counters.ts'
import type { Amount } from '../../core/spend/amount.ts'
import { checkHold } from '../../core/spend/hold-check.ts'
import { refuseText } from './answers.ts'
import type { RedisConnection } from './connection.ts'
import { Decisions } from './decisions.ts'
import { unavailable } from './failure.ts'
import type { KeyNames } from './key-names.ts'
import { HEARTBEAT } from './lua/heartbeat.ts'
import { Places } from './places.ts'
import type { ScriptPlans } from './plans.ts'
import { RedisReceipt } from './receipt.ts'
import { type PlannedRequest, planCharges, splitByTag } from './request-parts.ts'
import type { Sender } from './sender.ts'
import { RedisSpend } from './spend.ts'

const PROBE_LIFETIME_MS = 1000

export interface RedisCountersParts {
  readonly connection: RedisConnection
  readonly names: KeyNames
  readonly plans: ScriptPlans
  readonly sender: Sender
}

export class RedisCounters implements SharedCounters {
  readonly #parts: RedisCountersParts
  readonly #decisions: Decisions
  readonly #spend: RedisSpend
  readonly #places: Places
  readonly #process = randomId(12)
  #receipts = 0

  constructor(parts: RedisCountersParts) {
    this.#parts = parts
    this.#places = new Places((receipt) => this.#decisions.renewPlaces(receipt))
    this.#decisions = new Decisions(parts.sender, (receipt) => this.#places.hold(receipt))
    this.#spend = new RedisSpend(parts)
  }

  consume(request: ConsumeRequest): Promise<ConsumeOutcome> {
    if (request.hold !== undefined) checkHold(request.hold)
    const id = `${this.#process}${(this.#receipts++).toString(36)}`
    return this.#decisions.consume(id, this.#plan(request, request.hold))
  }

  async peek(request: ConsumeRequest): Promise<LimitsOutcome> {
    return this.#decisions.peek(this.#plan(request, undefined))
  }

  async settle(receipt: Receipt, actualCosts?: readonly number[]): Promise<void> {
    if (!(receipt instanceof RedisReceipt) || receipt.settled) return
    if (actualCosts !== undefined) checkActualCosts(receipt.charges, actualCosts)
    receipt.settled = true
    this.#places.release(receipt)
    const costs = actualCosts ?? receipt.charges.map((charge) => charge.cost)
    const isAsTaken = receipt.charges.every((charge, index) => charge.cost === costs[index])
    if (isAsTaken && !receipt.hasPlaces) return
    const { id, parts } = receipt
    await Promise.all(parts.map((part) => this.#decisions.settle(id, part, costs)))
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

  nowMs(): Promise<number> {
    return this.#spend.nowMs()
  }

  seed(seeds: readonly SpendSeed[]): Promise<void> {
    return this.#spend.seed(seeds)
  }

  settleHold(hold: TakenHold, actual: Amount): Promise<void> {
    return this.#spend.settleHold(hold, actual)
  }

  spendStatus(charges: readonly SpendCharge[]): Promise<readonly (readonly CapStatus[])[]> {
    return this.#spend.spendStatus(charges)
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

  #plan(request: ConsumeRequest, hold: Hold | undefined): PlannedRequest {
    const { connection, names, plans } = this.#parts
    const charges = planCharges(request.charges, plans)
    const parts = splitByTag(charges, request.key, hold, connection.isCluster ? names : undefined)
    return { charges, hold, parts }
  }
}

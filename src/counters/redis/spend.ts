/**
 * Money on Redis, but for what is held together with limits: seeds, settlements, status. In a Cluster a
 * key lies beside its limits, and owners, tiers and the account have slots of their own, which are asked
 * at the same time.
 */
import type {
  CapStatus,
  SpendCharge,
  SpendCounters,
  SpendSeed,
  TakenHold,
} from '../../core/ports/counters.ts'
import type { Amount } from '../../core/spend/amount.ts'
import { checkAmount } from '../../core/spend/hold-check.ts'
import { readSpendStatus, refuseText } from './answers.ts'
import type { Batch } from './batch.ts'
import type { RedisConnection } from './connection.ts'
import { unavailable } from './failure.ts'
import type { KeyNames } from './key-names.ts'
import { TIME } from './lua/time.ts'
import { chargesByTag } from './request-parts.ts'
import type { Sender } from './sender.ts'

export interface RedisSpendParts {
  readonly connection: RedisConnection
  readonly names: KeyNames
  readonly sender: Sender
}

export class RedisSpend implements SpendCounters {
  readonly #parts: RedisSpendParts

  constructor(parts: RedisSpendParts) {
    this.#parts = parts
  }

  /** In a Cluster always of the same server, whose time is as good as that of another to a second. */
  async nowMs(): Promise<number> {
    const { connection, names, sender } = this.#parts
    const ownMs = sender.ownTimeMs()
    if (ownMs > 0) return ownMs
    const key = names.instances
    try {
      return Number(await connection.send('EVAL', [TIME, 1, key], key))
    } catch (error) {
      throw unavailable(error)
    }
  }

  async seed(seeds: readonly SpendSeed[]): Promise<void> {
    const asked = seeds.map(async (seed) => {
      refuseText(await this.#batch(this.#parts.names.tagOf(seed.subject)).seed(seed))
    })
    await Promise.all(asked)
  }

  async settleHold({ id, charges }: TakenHold, actual: Amount): Promise<void> {
    checkAmount(actual)
    const asked = Array.from(this.#byTag(charges), async ([tag, ofTag]) => {
      refuseText(await this.#batch(tag).settleHold({ id, charges: ofTag }, actual))
    })
    await Promise.all(asked)
  }

  async spendStatus(charges: readonly SpendCharge[]): Promise<readonly (readonly CapStatus[])[]> {
    const statuses = new Map<SpendCharge, readonly CapStatus[]>()
    const asked = Array.from(this.#byTag(charges), async ([tag, ofTag]) => {
      const told = readSpendStatus(await this.#batch(tag).spendStatus(ofTag), ofTag)
      for (const [index, charge] of ofTag.entries()) statuses.set(charge, told[index] ?? [])
    })
    await Promise.all(asked)
    return charges.map((charge) => statuses.get(charge) ?? [])
  }

  #byTag<T extends { readonly subject: string }>(charges: readonly T[]): Map<string, readonly T[]> {
    const { connection, names } = this.#parts
    if (connection.isCluster) return chargesByTag(charges, names)
    return charges.length === 0 ? new Map() : new Map([['', charges]])
  }

  #batch(tag: string): Batch {
    return this.#parts.sender.batchFor(tag, () => true)
  }
}

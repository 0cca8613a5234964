/** What Redis counters remember of an admission until it is settled. */
import type { Hold, Receipt } from '../../core/ports/counters.ts'
import type { PlannedCharge } from './batch-names.ts'

/** The charges of one slot: of all that were asked for, those at these indexes. */
export interface ReceiptPart {
  readonly atMs: number
  readonly tag: string
  readonly charges: readonly PlannedCharge[]
  /** Where each charge stood in the request. */
  readonly indexes: readonly number[]
  readonly marks: readonly (readonly number[])[]
  /** What was held with them, of this slot. */
  readonly hold: Hold | undefined
}

export class RedisReceipt implements Receipt {
  readonly atMs: number
  readonly charges: readonly PlannedCharge[]
  readonly parts: readonly ReceiptPart[]
  /** Names its places in flight. */
  readonly id: string
  settled = false

  constructor(
    id: string,
    atMs: number,
    charges: readonly PlannedCharge[],
    parts: readonly ReceiptPart[],
  ) {
    this.id = id
    this.atMs = atMs
    this.charges = charges
    this.parts = parts
  }

  get hasPlaces(): boolean {
    return this.charges.some((charge) => charge.maxConcurrent !== undefined)
  }
}

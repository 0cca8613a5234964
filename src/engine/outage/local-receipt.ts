/** Proof of an admission that the shared counters know nothing of. */
import type { Charge, Receipt } from '../../core/ports/counters.ts'

/** Counted in this process: `inner` is the receipt of its local counters. */
export class LocalReceipt implements Receipt {
  readonly atMs: number
  /** As they were asked for, with the limits that all instances share. */
  readonly charges: readonly Charge[]
  readonly inner: Receipt
  settled = false

  constructor(charges: readonly Charge[], inner: Receipt) {
    this.atMs = inner.atMs
    this.charges = charges
    this.inner = inner
  }
}

/** Counted nowhere. */
export class UncountedReceipt implements Receipt {
  readonly atMs: number
  readonly charges: readonly Charge[]

  constructor(charges: readonly Charge[], atMs: number) {
    this.charges = charges
    this.atMs = atMs
  }
}

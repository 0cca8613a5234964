/** What memory counters remember of an admission until it is settled. */
import type { Charge, Receipt } from '../../core/ports/counters.ts'
import type { Subject } from './subject.ts'

export class MemoryReceipt implements Receipt {
  readonly atMs: number
  readonly charges: readonly Charge[]
  /** One per charge. */
  readonly subjects: readonly Subject[]
  settled = false
  /** Per charge, what giving back needs to know; undefined where none needs anything. */
  marks: (number[] | undefined)[] | undefined = undefined

  constructor(atMs: number, charges: readonly Charge[], subjects: readonly Subject[]) {
    this.atMs = atMs
    this.charges = charges
    this.subjects = subjects
  }
}

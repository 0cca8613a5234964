/**
 * Decides requests: by one run of the script where all that they name lies in one place, else by one for
 * each slot at the same time. Then what some took is given back when another refuses, holds included,
 * before the answer goes out.
 */
import { refusalOf } from '../../core/limits/refusal.ts'
import type { ConsumeOutcome, LimitsOutcome } from '../../core/ports/counters.ts'
import { type Consumed, type Looked, readConsumed, readLooked, refuseText } from './answers.ts'
import type { Batch } from './batch.ts'
import {
  capsOf,
  inOrder,
  latestMs,
  looksOf,
  NOTHING_LOOKED_AT,
  receiptParts,
  statusesOf,
  unseededOf,
} from './part-answers.ts'
import { type ReceiptPart, RedisReceipt } from './receipt.ts'
import { heldBy, type PlannedRequest, type RequestPart } from './request-parts.ts'
import type { Sender } from './sender.ts'

export class Decisions {
  readonly #sender: Sender
  readonly #onAdmitted: (receipt: RedisReceipt) => void

  constructor(sender: Sender, onAdmitted: (receipt: RedisReceipt) => void) {
    this.#sender = sender
    this.#onAdmitted = onAdmitted
  }

  consume(id: string, request: PlannedRequest): Promise<ConsumeOutcome> {
    const [only, ...others] = request.parts
    if (only !== undefined && others.length === 0) return this.#consumeWhole(id, only)
    return this.#consumeParts(id, request)
  }

  async peek({ charges, parts }: PlannedRequest): Promise<LimitsOutcome> {
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

  /** A cost that is missing is 0. */
  async settle(
    id: string,
    part: ReceiptPart,
    costs: readonly number[],
    undo = false,
  ): Promise<void> {
    if (part.charges.length === 0) return
    const settlements = part.charges.map((charge, index) => ({
      charge,
      actualCost: costs[part.indexes[index] ?? -1] ?? 0,
      marks: part.marks[index] ?? [],
    }))
    refuseText(await this.#batch(part).settle(part.atMs, id, settlements, undo))
  }

  renewPlaces({ id, parts }: RedisReceipt): Promise<unknown> {
    const renewals = parts.flatMap((part) => {
      const capped = part.charges.filter((charge) => charge.maxConcurrent !== undefined)
      return capped.length === 0 ? [] : [this.#batch(part).renewPlaces(id, capped)]
    })
    return Promise.all(renewals)
  }

  /** Everything is decided by one run of the script: nothing is ever to be given back. */
  async #consumeWhole(id: string, part: RequestPart): Promise<ConsumeOutcome> {
    const consumed = await this.#consume(id, part)
    if (consumed.kind === 'stale') return { kind: 'stale-key', version: consumed.version }
    if (consumed.kind === 'unseeded') return consumed
    if (consumed.kind === 'refused') {
      return refusalOf(consumed.looks, consumed.statuses, consumed.caps)
    }
    const { charges } = part
    const { atMs, heldAtMs, marks, statuses } = consumed
    const parts = [{ ...part, atMs, marks }]
    const receipt = new RedisReceipt(id, Math.max(atMs, heldAtMs), charges, parts)
    this.#onAdmitted(receipt)
    return { kind: 'admitted', receipt, limits: statuses }
  }

  async #consumeParts(id: string, request: PlannedRequest): Promise<ConsumeOutcome> {
    const { parts } = request
    const consumed = await this.#consumeAll(id, parts)
    const stale = consumed.find((one) => one.kind === 'stale')
    const taken = receiptParts(parts, consumed)
    if (taken.length === parts.length) {
      const receipt = new RedisReceipt(
        id,
        latestMs(consumed.filter(isTaken)),
        request.charges,
        taken,
      )
      this.#onAdmitted(receipt)
      return { kind: 'admitted', receipt, limits: inOrder(parts, consumed.map(statusesOf)) }
    }
    const looks = await this.#giveBack(id, taken)
    if (stale !== undefined) return { kind: 'stale-key', version: stale.version }
    const unseeded = unseededOf(request, consumed)
    if (unseeded !== undefined) return unseeded
    const looked = consumed.map((one, index) =>
      one.kind === 'refused' ? one : (looks.get(parts[index]?.tag ?? '') ?? NOTHING_LOOKED_AT),
    )
    return refusalOf(
      inOrder(parts, looked.map(looksOf)),
      inOrder(parts, looked.map(statusesOf)),
      capsOf(request, looked),
    )
  }

  /** Where one cannot be asked, nobody will settle what the others hold: it is given back, unawaited. */
  #consumeAll(id: string, parts: readonly RequestPart[]): Promise<readonly Consumed[]> {
    const asked = parts.map((part) => this.#consume(id, part))
    const all = Promise.all(asked)
    const isHeld = parts.some(({ hold }) => hold !== undefined)
    if (isHeld) {
      all.catch(async () => {
        await Promise.allSettled(asked)
        await Promise.allSettled(parts.map((part) => this.#undoHold(part)))
      })
    }
    return all
  }

  async #consume(id: string, part: RequestPart): Promise<Consumed> {
    const { charges, key, hold } = part
    const answer = await this.#batch(part).consume(charges, key, id, hold)
    return readConsumed(answer, charges, heldBy(part))
  }

  /** Undoes what some parts took because another refused; tells how they look without it. */
  async #giveBack(id: string, taken: readonly ReceiptPart[]): Promise<Map<string, Looked>> {
    const looks = await Promise.all(
      taken.map(async (part) => {
        // In this order. Where their batch fails, all three do: each has to be waited for.
        const [, , look] = await Promise.all([
          this.settle(id, part, [], true),
          this.#undoHold(part),
          this.#look({ ...part, key: undefined }),
        ])
        return look.kind === 'looked' ? ([[part.tag, look]] as const) : []
      }),
    )
    return new Map(looks.flat())
  }

  async #undoHold(part: Pick<RequestPart, 'tag' | 'charges' | 'hold'>): Promise<void> {
    if (part.hold === undefined) return
    refuseText(await this.#batch(part).undoHold(part.hold))
  }

  async #look(part: Pick<RequestPart, 'tag' | 'charges' | 'key'>) {
    return readLooked(await this.#batch(part).peek(part.charges, part.key), part.charges)
  }

  #batch({ tag, charges }: Pick<RequestPart, 'tag' | 'charges'>): Batch {
    return this.#sender.batchFor(tag, (open) => open.accepts(charges))
  }
}

const isTaken = (one: Consumed): one is Consumed & { readonly kind: 'taken' } =>
  one.kind === 'taken'

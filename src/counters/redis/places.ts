/**
 * Places of requests in flight that this process holds. A place on the server ends a minute after it
 * was last renewed, so that a process that dies frees what it held; a living one renews every 20 s,
 * however long its requests take.
 */
import type { RedisReceipt } from './receipt.ts'

const RENEW_MS = 20_000

export class Places {
  readonly #held = new Set<RedisReceipt>()
  readonly #renew: (receipt: RedisReceipt) => Promise<unknown>
  #timer: NodeJS.Timeout | undefined

  /** `renew` may fail: the next round tries again. */
  constructor(renew: (receipt: RedisReceipt) => Promise<unknown>) {
    this.#renew = renew
  }

  hold(receipt: RedisReceipt): void {
    if (!receipt.hasPlaces) return
    this.#held.add(receipt)
    this.#timer ??= setInterval(() => void this.renewAll(), RENEW_MS).unref()
  }

  release(receipt: RedisReceipt): void {
    this.#held.delete(receipt)
    if (this.#held.size === 0) this.close()
  }

  async renewAll(): Promise<void> {
    await Promise.allSettled(Array.from(this.#held, (receipt) => this.#renew(receipt)))
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

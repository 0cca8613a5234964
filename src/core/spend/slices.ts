/**
 * What was used in a sliding window, counted in slices of time.
 *
 * An amount belongs to the slice that holds its time, and counts until that slice has wholly left:
 * `slice start + slice length + window`. So it counts for the whole window after its time, and at most
 * one slice longer. What is used is a running sum: asking costs nothing, and each slice is taken off
 * once. Only slices in which something was used are kept, oldest first, in one block of numbers.
 *
 * Time is an argument and never goes backwards.
 */
import type { Amount } from './amount.ts'
import type { SpendUnit } from './caps.ts'

/** A slice in the block: its number since the epoch, micro-dollars, tokens. */
const STRIDE = 3
const MICRO_USD = 1
const TOKENS = 2
const SMALLEST_BLOCK = 4 * STRIDE

export class Slices {
  readonly #sliceMs: number
  /** A slice with number n has left once the time is in slice n + `#span`. */
  readonly #span: number
  #block = new Float64Array(0)
  /** Elements from `#start` to `#end` are used. */
  #start = 0
  #end = 0
  #microUsd = 0
  #tokens = 0

  /** Both whole ms, the window a whole number of slices. */
  constructor(sliceMs: number, windowMs: number) {
    this.#sliceMs = sliceMs
    this.#span = windowMs / sliceMs + 1
  }

  /** Slices that are kept. */
  get count(): number {
    return (this.#end - this.#start) / STRIDE
  }

  /** What is used, as of the last `moveTo`. */
  used(unit: SpendUnit): number {
    return unit === 'tokens' ? this.#tokens : this.#microUsd
  }

  /** Lets go of the slices that have left by now. */
  moveTo(nowMs: number): void {
    if (this.#start === this.#end) return
    const block = this.#block
    const lastGone = Math.floor(nowMs / this.#sliceMs) - this.#span
    while (this.#start < this.#end && (block[this.#start] ?? 0) <= lastGone) {
      this.#microUsd -= block[this.#start + MICRO_USD] ?? 0
      this.#tokens -= block[this.#start + TOKENS] ?? 0
      this.#start += STRIDE
    }
    if (this.#start < this.#end) return
    this.clear()
  }

  /** Adds to the slice of `atMs`; what has left already is let be. Amounts below 0 take off. */
  add(atMs: number, { microUsd, tokens }: Amount, nowMs: number): void {
    if (microUsd === 0 && tokens === 0) return
    const number = Math.floor(atMs / this.#sliceMs)
    if (number + this.#span <= Math.floor(nowMs / this.#sliceMs)) return
    const at = this.#place(number)
    const block = this.#block
    block[at + MICRO_USD] = (block[at + MICRO_USD] ?? 0) + microUsd
    block[at + TOKENS] = (block[at + TOKENS] ?? 0) + tokens
    this.#microUsd += microUsd
    this.#tokens += tokens
  }

  /** When so much is used at most, if nothing else is: the time at which enough slices have left. */
  fallsToMs(unit: SpendUnit, most: number): number {
    const member = unit === 'tokens' ? TOKENS : MICRO_USD
    let used = this.used(unit)
    let leftMs = 0
    for (let at = this.#start; at < this.#end && used > most; at += STRIDE) {
      used -= this.#block[at + member] ?? 0
      leftMs = ((this.#block[at] ?? 0) + this.#span) * this.#sliceMs
    }
    return leftMs
  }

  clear(): void {
    this.#start = 0
    this.#end = 0
    this.#microUsd = 0
    this.#tokens = 0
  }

  /** Where the slice of that number is in the block; it is put in where it is missing. */
  #place(number: number): number {
    let at = this.#end
    while (at > this.#start && (this.#block[at - STRIDE] ?? 0) > number) at -= STRIDE
    if (at > this.#start && this.#block[at - STRIDE] === number) return at - STRIDE
    const fromStart = at - this.#start
    if (this.#end === this.#block.length) this.#makeRoom()
    at = this.#start + fromStart
    this.#block.copyWithin(at + STRIDE, at, this.#end)
    this.#block.fill(0, at, at + STRIDE)
    this.#block[at] = number
    this.#end += STRIDE
    return at
  }

  /** Room for one more slice at the end: what has left makes it, or a block 1.5 times as large. */
  #makeRoom(): void {
    const used = this.#end - this.#start
    if (this.#start <= this.#end / 4) {
      const slices = Math.ceil((this.#block.length * 1.5) / STRIDE)
      const larger = new Float64Array(Math.max(SMALLEST_BLOCK, slices * STRIDE))
      larger.set(this.#block.subarray(this.#start, this.#end))
      this.#block = larger
    } else {
      this.#block.copyWithin(0, this.#start, this.#end)
    }
    this.#start = 0
    this.#end = used
  }
}

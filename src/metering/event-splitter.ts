/**
 * Cuts a stream of server-sent events into whole events, in bytes: an event ends behind an empty line,
 * and lines end with LF, CR or both. Whole events go to `onEvent`, which says what is sent on for them;
 * a part of an event waits for its rest, which no client could use before either. One that is larger
 * than `MAX_EVENT_BYTES` goes on as it is, unread.
 *
 * How the bytes are cut into chunks makes no difference to what comes out, all in all.
 */
import { GrowingBytes, joined, NO_BYTES } from './growing-bytes.ts'

const MAX_EVENT_BYTES = 8 * 1024 * 1024

const LF = 0x0a
const CR = 0x0d

export class EventSplitter {
  readonly #onEvent: (event: Uint8Array) => Uint8Array
  readonly #held = new GrowingBytes()
  /** Nothing has come on this line yet. */
  #isLineEmpty = true
  /** A LF that comes now belongs to the CR before it. */
  #isAfterCr = false
  /** The event before was taken out, and so is the rest of its last line end. */
  #isTakenOut = false
  #isTooLarge = false

  constructor(onEvent: (event: Uint8Array) => Uint8Array) {
    this.#onEvent = onEvent
  }

  write(chunk: Uint8Array): Uint8Array {
    const out: Uint8Array[] = []
    let isChanged = this.#held.length > 0
    let start = 0
    for (let at = 0; at < chunk.length; at++) {
      const c = chunk[at]
      if (c === LF && this.#isAfterCr) {
        this.#isAfterCr = false
        if (at !== start || this.#held.length > 0 || this.#isTooLarge) continue
        if (this.#isTakenOut) isChanged = true
        else out.push(chunk.subarray(at, at + 1))
        start = at + 1
        continue
      }
      this.#isAfterCr = c === CR
      if (c !== LF && c !== CR) {
        this.#isLineEmpty = false
        continue
      }
      if (!this.#isLineEmpty) {
        this.#isLineEmpty = true
        continue
      }
      const event = chunk.subarray(start, at + 1)
      const passed = this.#finish(event)
      if (passed !== event) isChanged = true
      if (passed.length > 0) out.push(passed)
      start = at + 1
    }
    if (start < chunk.length) {
      const rest = this.#hold(chunk.subarray(start))
      if (rest === NO_BYTES) isChanged = true
      else out.push(rest)
    }
    return isChanged ? joined(out) : chunk
  }

  /** What was left without an empty line behind it. */
  end(): Uint8Array {
    if (this.#held.length === 0) return NO_BYTES
    return this.#onEvent(this.#held.take())
  }

  #finish(last: Uint8Array): Uint8Array {
    const isTooLarge = this.#isTooLarge || this.#held.length + last.length > MAX_EVENT_BYTES
    const event = this.#whole(last)
    this.#isTooLarge = false
    const passed = isTooLarge ? event : this.#onEvent(event)
    this.#isTakenOut = passed.length === 0
    return passed
  }

  #whole(last: Uint8Array): Uint8Array {
    if (this.#held.length === 0) return last
    this.#held.append(last)
    return this.#held.take()
  }

  #hold(rest: Uint8Array): Uint8Array {
    if (!this.#isTooLarge && this.#held.length + rest.length <= MAX_EVENT_BYTES) {
      this.#held.append(rest)
      return NO_BYTES
    }
    this.#isTooLarge = true
    return this.#whole(rest)
  }
}

/**
 * Finds one member of a JSON object in bytes that pass by: only its value is kept, never the rest.
 *
 * An automaton over bytes: what it looks for is at the outermost level, so strings and depth are all it
 * has to know. Of two members the last one is taken, as `JSON.parse` does. What is no JSON, or larger
 * than `MAX_VALUE_BYTES`, is not found.
 */
import { GrowingBytes } from './growing-bytes.ts'
import { parseJson } from './json-value.ts'

const MAX_VALUE_BYTES = 8 * 1024 * 1024

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
/** With this bit the brackets of lists are those of objects. */
const BRACKET_BIT = 0x20
const OPEN = 0x7b
const CLOSE = 0x7d

export class MemberFinder {
  readonly #name: Uint8Array
  readonly #value = new GrowingBytes()
  #depth = 0
  #inString = false
  #isEscaped = false
  /** A string at depth 1 before a colon is a name. */
  #expectsName = false
  /** How far the name at hand is the one that is looked for; -1: it is another. */
  #matched = -1
  #isFound = false
  #isTooLarge = false
  #found: unknown

  constructor(name: string) {
    this.#name = new TextEncoder().encode(name)
  }

  write(chunk: Uint8Array): void {
    let from = this.#isFound ? 0 : -1
    let at = 0
    while (at < chunk.length) {
      if (this.#inString) {
        at = this.#afterString(chunk, at)
        continue
      }
      at = nextMark(chunk, at)
      if (at === chunk.length) break
      const c = chunk[at] ?? 0
      at++
      if (c === QUOTE) this.#beginString()
      else if (this.#depth !== 1) this.#depth += c === COMMA || c === COLON ? 0 : stepOf(c)
      else if (c === COLON) {
        this.#expectsName = false
        this.#isFound = this.#matched === this.#name.length
        if (this.#isFound) from = at
      } else if (stepOf(c) === 1) this.#depth++
      else {
        if (this.#isFound) this.#keep(chunk.subarray(from, at - 1))
        this.#close()
        this.#expectsName = c === COMMA
        if (c !== COMMA) this.#depth--
        from = -1
      }
      if (c === OPEN && this.#depth === 1) this.#expectsName = true
    }
    if (this.#isFound && from !== -1) this.#keep(chunk.subarray(from))
  }

  /** The value as far as it has been seen whole; undefined where there is none. */
  get value(): unknown {
    return this.#found
  }

  #beginString(): void {
    this.#inString = true
    this.#matched = this.#depth === 1 && this.#expectsName ? 0 : -1
  }

  /** Behind the quote that ends the string at hand, or the end of the chunk. */
  #afterString(chunk: Uint8Array, from: number): number {
    let at = from
    while (at < chunk.length) {
      const c = chunk[at] ?? 0
      at++
      if (this.#isEscaped) {
        this.#isEscaped = false
        this.#matched = -1
      } else if (c === BACKSLASH) this.#isEscaped = true
      else if (c === QUOTE) {
        this.#inString = false
        return at
      } else if (this.#matched >= 0) {
        this.#matched = this.#name[this.#matched] === c ? this.#matched + 1 : -1
      } else at = nextInString(chunk, at)
    }
    return at
  }

  #keep(bytes: Uint8Array): void {
    if (this.#value.length + bytes.length > MAX_VALUE_BYTES) {
      this.#isTooLarge = true
      this.#value.take()
    } else if (!this.#isTooLarge) this.#value.append(bytes)
  }

  #close(): void {
    const text = this.#isFound ? DECODER.decode(this.#value.take()) : ''
    if (this.#isFound) this.#found = this.#isTooLarge ? undefined : parseJson(text)
    this.#isFound = false
    this.#isTooLarge = false
    this.#matched = -1
  }
}

/** The next byte outside of strings that means something here. */
function nextMark(chunk: Uint8Array, from: number): number {
  for (let at = from; at < chunk.length; at++) {
    const c = chunk[at] ?? 0
    if (c === QUOTE || c === COMMA || c === COLON || stepOf(c) !== 0) return at
  }
  return chunk.length
}

/** The next byte within a string that may end it. */
function nextInString(chunk: Uint8Array, from: number): number {
  for (let at = from; at < chunk.length; at++) {
    const c = chunk[at]
    if (c === QUOTE || c === BACKSLASH) return at
  }
  return chunk.length
}

/** How much deeper a bracket leads. */
function stepOf(c: number): -1 | 0 | 1 {
  const bracket = c | BRACKET_BIT
  return bracket === OPEN ? 1 : bracket === CLOSE ? -1 : 0
}

const DECODER = new TextDecoder()

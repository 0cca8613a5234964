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
    for (let at = 0; at < chunk.length; at++) {
      const c = chunk[at] ?? 0
      if (this.#inString) {
        this.#inside(c)
        continue
      }
      if (c === QUOTE) {
        this.#inString = true
        this.#matched = this.#depth === 1 && this.#expectsName ? 0 : -1
        continue
      }
      const bracket = c | BRACKET_BIT
      if (bracket === OPEN) {
        this.#depth++
        if (this.#depth === 1) this.#expectsName = c === OPEN
      } else if (this.#depth === 1 && c === COLON) {
        this.#expectsName = false
        this.#isFound = this.#matched === this.#name.length
        if (this.#isFound) from = at + 1
      } else if (bracket === CLOSE || (this.#depth === 1 && c === COMMA)) {
        if (this.#depth === 1) {
          if (this.#isFound) this.#keep(chunk.subarray(from, at))
          this.#close()
          from = -1
          this.#expectsName = c === COMMA
        }
        if (bracket === CLOSE) this.#depth--
      }
    }
    if (this.#isFound && from !== -1) this.#keep(chunk.subarray(from))
  }

  /** The value as far as it has been seen whole; undefined where there is none. */
  get value(): unknown {
    return this.#found
  }

  #inside(c: number): void {
    if (this.#isEscaped) {
      this.#isEscaped = false
      this.#matched = -1
    } else if (c === BACKSLASH) this.#isEscaped = true
    else if (c === QUOTE) this.#inString = false
    else if (this.#matched >= 0) {
      this.#matched = this.#name[this.#matched] === c ? this.#matched + 1 : -1
    }
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

const DECODER = new TextDecoder()

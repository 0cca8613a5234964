/** Bytes that arrive in pieces: copied into one buffer that doubles, so that tiny pieces stay cheap. */

const FIRST_BYTES = 256

export class GrowingBytes {
  #buffer: Uint8Array | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length
    if (this.#buffer === undefined || this.#buffer.length < length) {
      const larger = new Uint8Array(Math.max(FIRST_BYTES, length, this.#length * 2))
      if (this.#buffer !== undefined) larger.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = larger
    }
    this.#buffer.set(bytes, this.#length)
    this.#length = length
  }

  /** All of it; empty from then on. */
  take(): Uint8Array {
    const taken = this.#buffer?.subarray(0, this.#length) ?? NO_BYTES
    this.#buffer = undefined
    this.#length = 0
    return taken
  }
}

export const NO_BYTES = new Uint8Array(0)

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const first = parts[0]
  if (first === undefined) return NO_BYTES
  if (parts.length === 1) return first
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

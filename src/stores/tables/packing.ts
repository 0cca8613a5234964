/**
 * How usage is packed into bytes. Times: the first as it is, then the differences, each as an
 * unsigned LEB128 number (7 bits a byte, low bits first, the high bit set on all but the last byte).
 * Numbers: 8 bytes each, IEEE 754, little-endian, which keeps infinities.
 */

/** Ascending whole ms. Throws a RangeError otherwise. */
export function packTimes(timesMs: readonly number[]): Uint8Array {
  const bytes: number[] = []
  let previousMs = 0
  for (const timeMs of timesMs) {
    let rest = timeMs - previousMs
    if (!Number.isSafeInteger(rest) || rest < 0) {
      throw new RangeError('admission times must be whole ms, ascending')
    }
    previousMs = timeMs
    // Division, not shifts: times have more than 32 bits.
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
    bytes.push(rest)
  }
  return Uint8Array.from(bytes)
}

export function unpackTimes(bytes: Uint8Array): number[] {
  const timesMs: number[] = []
  let timeMs = 0
  let factor = 1
  for (const byte of bytes) {
    timeMs += (byte % 128) * factor
    factor *= 128
    if (byte >= 128) continue
    timesMs.push(timeMs)
    factor = 1
  }
  return timesMs
}

export function packNumbers(numbers: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(numbers.length * 8))
  numbers.forEach((number, index) => {
    view.setFloat64(index * 8, number, true)
  })
  return new Uint8Array(view.buffer)
}

export function unpackNumbers(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = Math.floor(bytes.byteLength / 8)
  return Array.from({ length: count }, (_, index) => view.getFloat64(index * 8, true))
}

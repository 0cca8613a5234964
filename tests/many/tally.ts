/** What became of requests around one fault, counted: wrong answers, decision times, full windows. */
import type { LoadRecord, OutageSpan } from './load.ts'

/** The server counts in whole milliseconds, so its windows may be that much shorter. */
const ROUNDING_MS = 2

export interface WindowCount {
  /** Most admissions of a key within a window that no outage overlaps. */
  readonly outside: number
  /** … that an outage of at least one instance overlaps. */
  readonly overlapping: number
}

export const isRight = ({ code }: LoadRecord): boolean =>
  code === 'allowed' || code === 'rate_limited'

/**
 * An admission counts when it happened within the window for certain: it was asked for and answered
 * in it. Each window begins with an admission, because no other can hold more.
 */
export function fullestWindows(
  records: readonly LoadRecord[],
  outages: readonly OutageSpan[],
  windowMs: number,
): WindowCount {
  let outside = 0
  let overlapping = 0
  const admitted = records.filter(({ code }) => code === 'allowed')
  for (const ofKey of Map.groupBy(admitted, ({ key }) => key).values()) {
    const inOrder = ofKey.toSorted((a, b) => a.sentMs - b.sentMs)
    for (const [index, { sentMs: fromMs }] of inOrder.entries()) {
      const toMs = fromMs + windowMs - ROUNDING_MS
      let count = 0
      for (let next = index; next < inOrder.length; next++) {
        const one = inOrder[next]
        if (one === undefined || one.sentMs >= toMs) break
        if (one.answeredMs < toMs) count++
      }
      const overlaps = outages.some(({ beganMs, endedMs }) => beganMs < toMs && endedMs > fromMs)
      if (overlaps) overlapping = Math.max(overlapping, count)
      else outside = Math.max(outside, count)
    }
  }
  return { outside, overlapping }
}

/** The smallest number that at least this part of `numbers` does not exceed; 0 of none. */
export function percentile(numbers: readonly number[], part: number): number {
  const inOrder = numbers.toSorted((a, b) => a - b)
  return inOrder[Math.ceil(part * inOrder.length) - 1] ?? 0
}

/** A bar beside a result: what the ratio has to be, and whether it was. */
export interface Bar {
  readonly what: string
  readonly ratio: number
  readonly atLeast?: number
  readonly atMost?: number
}

/** Only prints: speeds are judged by people, on a quiet machine. */
export function printBar({ what, ratio, atLeast, atMost }: Bar): void {
  const isMet = ratio >= (atLeast ?? ratio) && ratio <= (atMost ?? ratio)
  const asked = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`
  console.log(`  ${what}: ${ratio.toFixed(2)} (bar: ${asked}) ${isMet ? 'met' : 'MISSED'}`)
}

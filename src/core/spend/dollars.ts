/**
 * Dollars as people write them (`'$0.004'`, `20`), read into whole micro-dollars. The same number is the
 * whole pico-dollars a token of a price in dollars per million tokens.
 *
 * Pure and exact: what has more than six decimals is refused, never rounded.
 */

/** A text such as `'$5'` or `'$0.004'`, or a number of dollars: at most six decimals. */
export type Dollars = string | number

/** Completes "must be …". */
export const DOLLARS_RULE = 'dollars with at most six decimals, such as "$20" or 0.004'

const MAX_DOLLARS = 1_000_000_000
const TEXT = /^\$?(\d{1,10})(?:\.(\d{1,6}))?$/

/**
 * Whole micro-dollars, or undefined for what is no amount: below 0, above a billion, finer than a
 * micro-dollar.
 *
 * ```ts
 * readDollars('$0.004') // 4_000
 * ```
 */
export function readDollars(input: unknown): number | undefined {
  const microUsd = typeof input === 'string' ? ofText(input) : ofNumber(input)
  if (microUsd === undefined || microUsd > MAX_DOLLARS * 1_000_000) return undefined
  return microUsd
}

function ofText(text: string): number | undefined {
  const match = TEXT.exec(text)
  if (match === null) return undefined
  const [, dollars = '', decimals = ''] = match
  return Number(dollars + decimals.padEnd(6, '0'))
}

/** 0.1 + 0.2 is 0.30000000000000004 in binary; the amount that was meant is $0.30. */
function ofNumber(dollars: unknown): number | undefined {
  if (typeof dollars !== 'number' || !(dollars >= 0 && dollars <= MAX_DOLLARS)) return undefined
  const exact = dollars * 1_000_000
  const microUsd = Math.round(exact)
  return Math.abs(exact - microUsd) <= exact * 4 * Number.EPSILON ? microUsd : undefined
}

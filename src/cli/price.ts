/** Prices, in whole micro-dollars: a float would lose cents. */
import { UsageError } from './failure.ts'

/** `0.0066` or `$0.0066`: dollars with at most six decimals. */
export function readPriceMicroUsd(text: string): bigint {
  const match = /^\$?(\d{1,9})(?:\.(\d{1,6}))?$/.exec(text)
  if (match !== null) {
    const [, dollars = '', decimals = ''] = match
    return BigInt(dollars + decimals.padEnd(6, '0'))
  }
  throw new UsageError(
    `--price must be dollars with at most six decimals, such as 0.0066, not "${text}"`,
  )
}

/** `$5,703.19`, rounded up to the cent; amounts below a cent in full. */
export function dollarText(microUsd: bigint): string {
  if (microUsd < 10_000n) return `$${decimal(microUsd, 6).replace(/0{1,4}$/, '')}`
  const cents = (microUsd + 9_999n) / 10_000n
  return `$${decimal(cents, 2)}`
}

function decimal(units: bigint, places: number): string {
  const digits = units.toString().padStart(places + 1, '0')
  const dollars = digits.slice(0, -places).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${dollars}.${digits.slice(-places)}`
}

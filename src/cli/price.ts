/** Prices and amounts, in whole micro-dollars: a float would lose cents. */
import { DOLLARS_RULE, readDollars } from '../core/spend/dollars.ts'
import { UsageError } from './failure.ts'

/** `0.0066` or `$0.0066`: dollars with at most six decimals. */
export function readMicroUsd(text: string, option: string): number {
  const microUsd = readDollars(text)
  if (microUsd !== undefined) return microUsd
  throw new UsageError(`${option} must be ${DOLLARS_RULE}, not "${text}"`)
}

/** `$5,703.19`, rounded up to the cent; amounts below a cent in full. */
export function dollarText(microUsd: bigint): string {
  if (microUsd < 10_000n) return exactDollars(microUsd)
  const cents = (microUsd + 9_999n) / 10_000n
  return `$${decimal(cents, 2)}`
}

/** `$12.35` or `$0.0166`: to the micro-dollar, with at least two decimals. */
export function exactDollars(microUsd: bigint | number): string {
  return `$${decimal(BigInt(microUsd), 6).replace(/0{1,4}$/, '')}`
}

function decimal(units: bigint, places: number): string {
  const digits = units.toString().padStart(places + 1, '0')
  const dollars = digits.slice(0, -places).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${dollars}.${digits.slice(-places)}`
}

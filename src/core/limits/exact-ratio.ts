/**
 * a x b / c for non-negative integers, exact although a x b may leave the safe integers: quotas reach
 * 1e9 and windows 3e10 ms. Plain numbers where they suffice, which is nearly always.
 */

/** The quotient, rounded up; `plus` is added to the product before the division. */
export function multiplyDivideUp(a: number, b: number, plus: number, divisor: number): number {
  const dividend = a * b + plus
  if (dividend <= Number.MAX_SAFE_INTEGER) {
    const rest = dividend % divisor
    return (dividend - rest) / divisor + (rest > 0 ? 1 : 0)
  }
  const exact = BigInt(a) * BigInt(b) + BigInt(plus)
  return Number((exact + BigInt(divisor) - 1n) / BigInt(divisor))
}

/** The rest of the division of a x b. */
export function multiplyModulo(a: number, b: number, divisor: number): number {
  const product = a * b
  if (product <= Number.MAX_SAFE_INTEGER) return product % divisor
  return Number((BigInt(a) * BigInt(b)) % BigInt(divisor))
}

/** The quotient, rounded down. */
export function multiplyDivideDown(a: number, b: number, divisor: number): number {
  const product = a * b
  if (product <= Number.MAX_SAFE_INTEGER) return (product - (product % divisor)) / divisor
  return Number((BigInt(a) * BigInt(b)) / BigInt(divisor))
}

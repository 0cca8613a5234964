/** A quota that no bench uses up. */
export const PLENTY = 100_000_000

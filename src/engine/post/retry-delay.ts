/** How long a mail waits after an attempt that failed. Pure. */
const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** Short at first, because most failures pass; these are 1 hour and 4 minutes together. */
const FIRST_DELAYS_MS: readonly number[] = [
  ...[10 * SECOND_MS, 30 * SECOND_MS],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
]

/** With so many more, an hour apart, a mail is given up within 24 hours of its first attempt. */
const HOURLY = 22

/**
 * undefined: it failed too often. Counted by attempts and not by the age of the mail, so that one that
 * waited for a process to come back, or for a clock that was set, gets all of its attempts.
 */
export function retryDelayMs(attempt: number): number | undefined {
  const first = FIRST_DELAYS_MS[attempt - 1]
  if (first !== undefined) return first
  return attempt <= FIRST_DELAYS_MS.length + HOURLY ? HOUR_MS : undefined
}

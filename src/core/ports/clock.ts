/** The Clock port: the only way time enters Lockgate. Production passes `systemClock`, tests a fake. */
export interface Clock {
  /** Wall time in ms since the Unix epoch. May jump when an operator or NTP sets the clock. */
  wallMs(): number
  /**
   * Whole ms on an epoch-like scale that never goes backwards and ignores jumps of the wall clock.
   * Windows are measured with it, so that setting the clock an hour either way admits nothing extra.
   */
  monotonicMs(): number
}

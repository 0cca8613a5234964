/** One request of an access log, whatever its format. */
export interface LogEntry {
  /** Wall time in ms since the epoch. */
  readonly atMs: number
  /** Who called: a key, a user, or an address. Never a whole key. */
  readonly caller: string
  readonly address: string | undefined
  /** Absent in a log of calls alone. */
  readonly method: string | undefined
  readonly path: string | undefined
  readonly status: number | undefined
  readonly model: string | undefined
  /** Absent where the log does not tell. */
  readonly inputTokens: number | undefined
  readonly outputTokens: number | undefined
  readonly tier: string | undefined
}

/** A line that cannot be read, and why. */
export interface BadLine {
  readonly problem: string
}

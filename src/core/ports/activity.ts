/**
 * How keys are used: counted in each process and saved every few seconds, never once per request.
 * A crash may lose what was counted since the last save; limits and audit do not depend on it.
 */

/** What one key did in one clock hour since the last save. */
export interface ActivityDelta {
  readonly keyId: string
  /** A whole hour, UTC. */
  readonly hourStartMs: number
  /** Requests that were admitted. */
  readonly requests: number
  readonly lastUsedAtMs: number
  /** By network of the client: /24 of IPv4, /48 of IPv6. */
  readonly networks: readonly {
    readonly network: string
    readonly requests: number
    readonly lastUsedAtMs: number
  }[]
}

export interface NetworkActivity {
  readonly network: string
  readonly firstUsedAtMs: number
  readonly lastUsedAtMs: number
  readonly requests: number
}

export interface KeyActivity {
  readonly keyId: string
  readonly requests: number
  readonly firstUsedAtMs: number
  readonly lastUsedAtMs: number
  /** The newest first; at most 64 are kept for a key, none longer than 30 days. */
  readonly networks: readonly NetworkActivity[]
  /** Hours with requests of the last 8 days, oldest first. */
  readonly hours: readonly { readonly startMs: number; readonly requests: number }[]
}

export interface Activity {
  saveActivity(deltas: readonly ActivityDelta[]): Promise<void>
  /** Of those keys that were ever used, in any order. */
  findActivity(keyIds: readonly string[]): Promise<readonly KeyActivity[]>
  /** key_ids used since then, in order, after `after`; 1 to 1,000 of them. */
  listActiveKeys(query: {
    readonly sinceMs: number
    readonly after?: string
    readonly pageSize: number
  }): Promise<readonly string[]>
}

/**
 * Spend caps: how much of a unit may be used in a window, and by whom together.
 *
 * Windows: `minute` and `day` slide (60 s, 24 h) and are counted in slices of a second and of a minute,
 * so that a charge counts until its slice has wholly left: up to one slice longer, never shorter.
 * `month` is the calendar month in UTC. A charge belongs to the time at which its call was admitted.
 */

export type SpendUnit = 'micro_usd' | 'tokens'
export type SpendWindow = 'minute' | 'day' | 'month'

export interface SpendCap {
  /** Shown to clients, in logs and in the audit log: `spend_day`, `account_spend_month`, `tokens_minute` … */
  readonly name: string
  readonly unit: SpendUnit
  readonly window: SpendWindow
  /** A safe integer of at least 0. */
  readonly quota: number
}

/** Who shares a cap. */
export type SpendScope =
  | { readonly kind: 'key'; readonly id: string }
  /** `id`: the owner's e-mail address. */
  | { readonly kind: 'owner'; readonly id: string }
  /** All keys of the tier together; `id`: its name. */
  | { readonly kind: 'tier'; readonly id: string }
  /** Everybody; `id` is empty. */
  | { readonly kind: 'account'; readonly id: '' }

/** Caps in dollars as they are configured; a member that is absent is no cap. */
export interface DollarCaps {
  readonly perDayMicroUsd?: number
  readonly perMonthMicroUsd?: number
}

/** Caps in tokens, input and output together. */
export interface TokenCaps {
  readonly perMinute?: number
  readonly perDay?: number
}

/** What an operator set for a scope while the gate runs. A member that is null is as configured. */
export interface SetCaps {
  readonly scope: SpendScope
  readonly perDayMicroUsd: number | null
  readonly perMonthMicroUsd: number | null
  /** Only of a key or a tier: the models that may be asked for. */
  readonly models: readonly string[] | null
  /** Only of a key or a tier. */
  readonly maxOutputTokens: number | null
}

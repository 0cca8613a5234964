/** What a person writes about money in the configuration. Only the shape; see `lockgate-config.ts`. */
import type { Dollars } from '../core/spend/dollars.ts'

/** A member that is left out is no cap; `'$0'` lets nothing through. */
export interface DollarCapsConfig {
  /** In any 24 hours. */
  readonly perDay?: Dollars
  /** In a calendar month, UTC. */
  readonly perMonth?: Dollars
}

export interface TierSpendConfig extends DollarCapsConfig {
  /** Caps of all keys of the tier together, beside those of each key. */
  readonly together?: DollarCapsConfig
}

/** Input and output tokens together, of each key. */
export interface TokensConfig {
  /** In any 60 seconds. */
  readonly perMinute?: number
  /** In any 24 hours. */
  readonly perDay?: number
}

/** Dollars per million tokens. */
export interface PriceConfig {
  readonly input: Dollars
  /** Of input that was read from a cache. Default: as `input`. */
  readonly cachedInput?: Dollars
  /** Of input that was written to a cache. Default: as `input`. */
  readonly cacheWrite?: Dollars
  readonly output: Dollars
  /** Dollars for each call, beside its tokens. Default 0. */
  readonly perRequest?: Dollars
}

/** What a call costs whose model has no price, or that names none. */
export interface DefaultPriceConfig {
  /** Dollars per million tokens; only together with `output`. */
  readonly input?: Dollars
  /** Dollars per million tokens; only together with `input`. */
  readonly output?: Dollars
  /** Dollars for each call. */
  readonly perRequest?: Dollars
}

export interface AlertsConfig {
  /** Percent of each of the account's caps. Default `[50, 80, 100]`. */
  readonly at?: readonly number[]
  /** Default: `mail.operatorCopy`. */
  readonly mailTo?: string
  /** Receives a signed POST (Standard Webhooks). `secret` is `whsec_` and 24 to 64 bytes of base64. */
  readonly webhook?: { readonly url: string; readonly secret: string }
}

export interface SpendConfig {
  /** By model, over the prices that are shipped. */
  readonly prices?: Readonly<Record<string, PriceConfig>>
  /** Default: the dearest prices that are known, so that nothing is free by accident. */
  readonly defaultPrice?: DefaultPriceConfig
  /** Caps over everything together: once one is reached, every call is refused. */
  readonly account?: DollarCapsConfig
  /** Caps of each owner, over all of the owner's keys. */
  readonly owner?: DollarCapsConfig
  /** Output tokens of a call that names no maximum, where its tier has none either. Default 4,096. */
  readonly maxOutputTokens?: number
  readonly alerts?: AlertsConfig
}

export interface RouteSpendConfig {
  /**
   * What a call costs. With `header` or `jsonPath`: what is held before it, and charged where the answer
   * does not say. Default: `spend.defaultPrice.perRequest`.
   */
  readonly perRequest?: Dollars
  /** The header of the answer that says what the call cost; not together with `jsonPath`. */
  readonly header?: string
  /** The member of a JSON answer that says it, such as `usage.cost`. */
  readonly jsonPath?: string
  /** What the number found is. Default `usd`. */
  readonly unit?: 'usd' | 'micro_usd'
}

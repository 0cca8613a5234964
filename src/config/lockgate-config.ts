/**
 * LockgateConfig: what a person writes in `lockgate.config.ts` or passes to `lockgate()`. Only the
 * shape; `resolveSettings` adds defaults, refuses what cannot be, and makes the frozen Settings.
 */
import type { LimitInput } from '../core/limits/limit-input.ts'
import type {
  RouteSpendConfig,
  SpendConfig,
  TierSpendConfig,
  TokensConfig,
} from './spend-config.ts'

/** A whole number of milliseconds, or a text such as `'250ms'`, `'10s'`, `'1m'`, `'24h'`, `'7d'`. */
export type Duration = string | number

export interface KeysConfig {
  /** `acme` gives keys `acme_live_…` and `acme_test_…`. Default `sk`, which Stripe uses too. */
  readonly prefix?: string
  /** Which hash new keys get; both kinds always verify. Default `argon2id`. */
  readonly hash?: 'argon2id' | 'bcrypt'
  /** Default `{ memoryKiB: 19456, passes: 2, parallelism: 1 }`. */
  readonly argon2id?: {
    readonly memoryKiB?: number
    readonly passes?: number
    readonly parallelism?: number
  }
  /** Default `{ cost: 12 }`. */
  readonly bcrypt?: { readonly cost?: number }
  /** How many hashes run at once and how many wait. Default `{ running: 2, queued: 64 }`. */
  readonly hashing?: { readonly running?: number; readonly queued?: number }
}

export interface TierConfig {
  /** All of them are checked as one decision. `[]` means no limit at all. */
  readonly limits: readonly LimitInput[]
  /** Requests in flight per key. Default: no cap. */
  readonly maxConcurrent?: number
  /** Dollars of each key; `together` of all keys of the tier. Default: no cap. */
  readonly spend?: TierSpendConfig
  /** Tokens of each key. Default: no cap. */
  readonly tokens?: TokensConfig
  /** Output tokens of one call: a larger request is lowered to it, a missing maximum is set to it. */
  readonly maxOutputTokens?: number
  /** Models that may be asked for; `gpt-4o*` is every name that begins so. Default: any. */
  readonly models?: readonly string[]
}

export interface AddressConfig {
  /** Limits over all requests of one address. Default 1,200 a minute, named `ip`. */
  readonly limits?: readonly LimitInput[]
  /** Limit over bad credentials of one address. Default 20 a minute. */
  readonly failures?: { readonly quota?: number; readonly window?: Duration }
  /** Addresses and CIDR blocks whose X-Forwarded-For is believed. Default `[]`: nobody's. */
  readonly trustedProxies?: readonly string[]
  /** IPv6 addresses are counted by this prefix, 32 to 128. Default 64. */
  readonly ipv6PrefixBits?: number
}

export interface RouteConfig {
  /** A path prefix such as `/v1/chat`; matches whole segments. */
  readonly path: string
  /** Default: every method. */
  readonly methods?: readonly string[]
  /** Default: `read` for GET and HEAD, `write` for others. */
  readonly scope?: string
  /** Units per request. Default 1. */
  readonly cost?: number
  /** Limits of this route, beside those of the tier. Default `[]`. */
  readonly limits?: readonly LimitInput[]
  /** Default: the top-level `upstream`. */
  readonly upstream?: string
  /** What a call costs. Default: what it asks for and its answer says, by the prices. */
  readonly spend?: RouteSpendConfig
}

export interface GatewayConfig {
  /** Largest request body in bytes. Default 10 MiB. */
  readonly maxBodyBytes?: number
  /** From the first byte to the last header. Default `'10s'`. */
  readonly headersTimeout?: Duration
  /** From the first byte to the last byte of the body. Default `'60s'`. */
  readonly requestTimeout?: Duration
  /** Until the upstream's response headers. Default `'120s'`. */
  readonly upstreamTimeout?: Duration
  /** Between two chunks of the upstream's body. Default `'120s'`. */
  readonly upstreamIdleTimeout?: Duration
  /** To connect to the upstream. Default `'5s'`. */
  readonly connectTimeout?: Duration
  /**
   * How long a shutdown goes on serving while `/health/ready` says 503, so that load balancers stop
   * sending before the port is closed. Default `'0s'`.
   */
  readonly drainDelay?: Duration
  /** How long a shutdown waits for requests in flight, after the delay. Default `'10s'`. */
  readonly drainTimeout?: Duration
}

export interface RedisConfig {
  /**
   * `redis://` or `rediss://`, several of them with commas for a Cluster, or `redis+sentinel://`.
   * `LOCKGATE_REDIS_URL` wins over it. Default none: counters are in memory, and nothing else here
   * has an effect.
   */
  readonly url?: string
  /** `zset` keeps admissions in sorted sets, which a person can read. Default `ring`, a tenth as large. */
  readonly form?: 'ring' | 'zset'
  /** No check waits longer for the counters. Default `'250ms'`. */
  readonly deadline?: Duration
  /** Start without the counters, in outage, instead of refusing to start. Default false. */
  readonly startDegraded?: boolean
  /** First part of every key in Redis. Default `lockgate`. */
  readonly keyPrefix?: string
}

export interface MailConfig {
  /** The sender. Default `Lockgate <lockgate@…>` with the host of `publicUrl`. */
  readonly from?: string
  /** Gets a copy of each mail, without the link. Default: nobody. */
  readonly operatorCopy?: string
  /** Where mails are written while `LOCKGATE_SMTP_URL` is unset. Default `./outbox`. */
  readonly folder?: string
}

export interface LeaksConfig {
  /** Takes the reports of GitHub's secret scanning partner programme. Default `false`. */
  readonly github?: boolean | { readonly publicKeysUrl?: string }
}

export interface AnomalyConfig {
  /** What a strange use of a key leads to. Default `warn`: an audit row and a mail. */
  readonly action?: 'off' | 'warn' | 'suspend'
  /** So many networks within an hour that the key was never used from. Default 8. */
  readonly newNetworks?: number
  /** So many times the requests of the key's mean busy hour. Default 10. */
  readonly baselineFactor?: number
}

export interface AuditConfig {
  /** Rows that are older go, oldest first; at least `'1d'`. Default: none goes. */
  readonly keepFor?: Duration
  /** Beyond so many rows the oldest go; at least 1,000. Default: no bound. */
  readonly keepRows?: number
  /** Signs what is left and exported heads; made when absent. Default `./lockgate-audit.pem`. */
  readonly signingKeyFile?: string
}

export interface LockgateConfig {
  /**
   * `sqlite:PATH` or `postgres://…`. `LOCKGATE_DATABASE_URL` wins over it. Default
   * `sqlite:./lockgate.db`.
   */
  readonly databaseUrl?: string
  /** Counters that several processes share. */
  readonly redis?: RedisConfig
  readonly keys?: KeysConfig
  /** By name. Default `free` and `paid`; a tier named here replaces the default of that name. */
  readonly tiers?: Readonly<Record<string, TierConfig>>
  /** `false` turns the address layer off. */
  readonly ip?: AddressConfig | false
  /** `openai` nests refusals in `{"error":{…}}`. Default `lockgate`. */
  readonly errors?: 'lockgate' | 'openai'
  /** Adds X-RateLimit-Limit, -Remaining and -Reset. Default false. */
  readonly legacyHeaders?: boolean
  /** The realm in WWW-Authenticate. Default `api`. */
  readonly realm?: string
  /** What the gateway stands in front of: an http(s) origin, optionally with a base path. */
  readonly upstream?: string
  /** Set on every request to the upstream, last. Default none. */
  readonly upstreamHeaders?: Readonly<Record<string, string>>
  /** Tried in order, the first match wins. Default `[]`: everything goes to `upstream`. */
  readonly routes?: readonly RouteConfig[]
  readonly gateway?: GatewayConfig
  /** What happens while shared counters cannot be reached. Default `local`. */
  readonly outage?: 'local' | 'closed' | 'open'
  /**
   * Where owners reach the admin listener's `/replace` pages: the base of links in mails.
   * `LOCKGATE_PUBLIC_URL` wins over it. Default `http://127.0.0.1:8788`.
   */
  readonly publicUrl?: string
  readonly mail?: MailConfig
  readonly leaks?: LeaksConfig
  readonly anomaly?: AnomalyConfig
  readonly audit?: AuditConfig
  /** How long before a key expires its owner is reminded. Default `['14d', '3d', '1d']`. */
  readonly expiryReminders?: readonly Duration[] | false
  /** Prices, caps and alerts. With `{}` calls are metered and nothing is capped. Default: no metering. */
  readonly spend?: SpendConfig
}

/**
 * Settings: the whole configuration after defaults and validation, frozen. `src/config` makes it
 * from file and environment; everything else receives the part it needs. All times are ms.
 */
import type { Limit } from './limits/limit.ts'
import type { DollarCaps } from './spend/caps.ts'
import type { PriceTable } from './spend/prices.ts'
import type { Tier } from './tier.ts'

export interface KeySettings {
  /** `acme` gives `acme_live_…` and `acme_test_…`. Default `sk`. */
  readonly prefix: string
  /** Which hash new keys get; both kinds always verify. */
  readonly hash: 'argon2id' | 'bcrypt'
  readonly argon2id: {
    readonly memoryKiB: number
    readonly passes: number
    readonly parallelism: number
  }
  readonly bcrypt: { readonly cost: number }
  /** The hashing pool: how many run at once, how many wait. */
  readonly hashing: { readonly running: number; readonly queued: number }
}

export interface AddressSettings {
  /** Limits over all requests of one address. */
  readonly limits: readonly Limit[]
  /** Limit over bad credentials of one address; its name is `ip-failures`. */
  readonly failures: Limit
}

export interface HttpSettings {
  /** CIDR blocks whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[]
  /** IPv6 addresses are counted by this prefix; default 64. */
  readonly ipv6PrefixBits: number
  /** `openai` nests refusals in `{"error":{…}}`. */
  readonly errors: 'lockgate' | 'openai'
  /** Adds X-RateLimit-Limit, -Remaining and -Reset of the tightest limit. */
  readonly legacyHeaders: boolean
  /** The realm in WWW-Authenticate; default `api`. */
  readonly realm: string
}

export interface RouteSettings {
  /** A path prefix such as `/v1/chat`; matches whole segments. */
  readonly path: string
  /** Upper case; absent: every method. */
  readonly methods?: readonly string[]
  /** Absent: `read` for GET and HEAD, `write` for others. */
  readonly scope?: string
  /** Units per request; default 1. */
  readonly cost: number
  /** Limits of this route, beside those of the tier. */
  readonly limits: readonly Limit[]
  /** Absent: the gateway's upstream. */
  readonly upstream?: string
  /** How its calls are metered; absent: by what they ask for and what the answer says. */
  readonly spend?: RouteSpend
}

/**
 * What a call of a route costs. `perRequest` alone: exactly that. With `header` or `jsonPath` the answer
 * says it, in dollars or in tokens; `perRequest` is then held before the call, and charged where the
 * answer does not say.
 */
export interface RouteSpend {
  readonly perRequestMicroUsd: number
  /** Lower-case name of a header of the answer. */
  readonly header?: string
  /** Members from the root of a JSON answer, such as `usage.cost`. */
  readonly jsonPath?: readonly string[]
  /** What the number found is; default dollars. */
  readonly unit?: 'usd' | 'micro_usd'
}

export interface SpendSettings {
  readonly prices: PriceTable
  /** Caps over everything together: the account breaker. */
  readonly account: DollarCaps
  /** Caps of each owner, over all of the owner's keys. */
  readonly owner: DollarCaps
  /** Output tokens of a call whose tier has no maximum and that names none itself; default 4,096. */
  readonly defaultMaxOutputTokens: number
  readonly alerts: SpendAlertSettings
}

export interface SpendAlertSettings {
  /** Percent of each of the account's caps, ascending; default 50, 80, 100. */
  readonly atPercent: readonly number[]
  /** The operator's address; null: `mail.operatorCopy`, and where that is null too, nobody. */
  readonly mailTo: string | null
  /** Receives a signed POST (Standard Webhooks). null: none. */
  readonly webhook: { readonly url: string; readonly secret: string } | null
}

export interface GatewaySettings {
  /** http(s) origin, optionally with a base path. Absent in a library that only uses middleware. */
  readonly upstream: string | undefined
  /** Set on every upstream request, last; lower-case names. */
  readonly upstreamHeaders: Readonly<Record<string, string>>
  /** Tried in order, first match wins. Empty: everything goes to `upstream`. */
  readonly routes: readonly RouteSettings[]
  /** Largest request body; default 10 MiB. */
  readonly maxBodyBytes: number
  /** From the first byte to the last header; default 10 s. */
  readonly headersTimeoutMs: number
  /** From the first byte to the last byte of the body; default 60 s. */
  readonly requestTimeoutMs: number
  /** Until the upstream's response headers; default 120 s. */
  readonly upstreamTimeoutMs: number
  /** Between two chunks of an upstream's body; default 120 s. */
  readonly upstreamIdleTimeoutMs: number
  /** To connect to the upstream; default 5 s. */
  readonly connectTimeoutMs: number
  /** How long a shutdown goes on serving while it says that it is not ready; default 0. */
  readonly drainDelayMs: number
  /** How long a shutdown waits for requests in flight; default 10 s. */
  readonly drainTimeoutMs: number
}

export interface RedisSettings {
  /**
   * `redis://` or `rediss://`; a comma list of them for a Cluster;
   * `redis+sentinel://host:port,host:port/name` (or `rediss+sentinel://`) for Sentinel. null: the
   * application hands over a client of its own.
   */
  readonly url: string | null
  /** How admissions are kept: a packed ring, or a sorted set that a person can read. */
  readonly form: 'ring' | 'zset'
  /** No check waits longer for the counters; default 250 ms. */
  readonly deadlineMs: number
  /** Start without the counters, in outage, instead of refusing to start. Default false. */
  readonly startDegraded: boolean
  /** First part of every key; default `lockgate`. */
  readonly keyPrefix: string
}

export interface MailSettings {
  /** `smtp://` or `smtps://`, with user and password. null: mails become files in `folder`. */
  readonly smtpUrl: string | null
  /** The sender, such as `Acme keys <keys@acme.example>`. */
  readonly from: string
  /** Receives a copy of each mail, without its link. null: nobody. */
  readonly operatorCopy: string | null
  /** Where mails are written when there is no server; default `./outbox`. */
  readonly folder: string
}

export interface LeakSettings {
  /** null: GitHub's reports are not taken (404). `publicKeysUrl` is fetched when one arrives. */
  readonly github: { readonly publicKeysUrl: string } | null
}

export interface AnomalySettings {
  readonly action: 'off' | 'warn' | 'suspend'
  /** So many networks that were not seen before, within an hour, are strange; default 8. */
  readonly newNetworks: number
  /** So many times the mean of a key's busy hours is strange; default 10. */
  readonly baselineFactor: number
}

export interface AuditSettings {
  /** Older rows are let go of. null: never. */
  readonly keepForMs: number | null
  /** Beyond so many rows the oldest are let go of. null: no bound. */
  readonly keepRows: number | null
  /** Ed25519 private key (PEM) that signs checkpoints and exported heads; made when absent. */
  readonly signingKeyFile: string
}

export interface Settings {
  /** `sqlite:PATH` (or `sqlite::memory:`), or `postgres://…`. */
  readonly databaseUrl: string
  /** null: counters live in the memory of this process. */
  readonly redis: RedisSettings | null
  readonly keys: KeySettings
  /** By name; the default tiers unless the file replaced them. */
  readonly tiers: ReadonlyMap<string, Tier>
  /** null: the address layer is off. */
  readonly address: AddressSettings | null
  readonly http: HttpSettings
  readonly gateway: GatewaySettings
  readonly outage: 'local' | 'closed' | 'open'
  /** null: nothing about money is configured, so nothing is metered. */
  readonly spend: SpendSettings | null
  /** The base of links in mails, without a slash at its end; never a request's Host. */
  readonly publicUrl: string
  readonly mail: MailSettings
  readonly leaks: LeakSettings
  readonly anomaly: AnomalySettings
  readonly audit: AuditSettings
  /** Owners are reminded this long before a key expires, longest first; empty: never. */
  readonly expiryRemindersMs: readonly number[]
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
}

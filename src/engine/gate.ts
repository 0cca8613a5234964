/** The Gate: what applications, the middleware and the gateway hold. Built by `createGate`. */
import type { SignedPlace } from '../core/audit-signature.ts'
import type { Allowed, Decision, Denied, Identity, Reservation } from '../core/decision.ts'
import type { KeyMode, KeyRecord } from '../core/key/key-record.ts'
import type { Limit } from '../core/limits/limit.ts'
import type { KeyActivity } from '../core/ports/activity.ts'
import type { CapStatus } from '../core/ports/counters.ts'
import type { SpendQuery, SpendReport } from '../core/ports/ledger.ts'
import type { LinkPurpose } from '../core/ports/links.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { AuditQuery, KeyQuery, PositionedAuditRow } from '../core/ports/store.ts'
import type { AddressSettings, HttpSettings, SpendSettings } from '../core/settings.ts'
import type { Amount } from '../core/spend/amount.ts'
import type { SetCaps, SpendScope } from '../core/spend/caps.ts'
import type { ModelPrice, PriceSource } from '../core/spend/prices.ts'
import type { Tier } from '../core/tier.ts'
import type { PruneOptions, PruneReport } from './retention/prune.ts'
import type { SignIn } from './sign-ins.ts'

/** One request, as far as a decision needs it. Transport details stay in src/http. */
export interface CheckRequest {
  /** The key as the client sent it; undefined when it sent none. */
  readonly presentedKey: string | undefined
  /** The client's address as `groupAddress` writes it; undefined skips the address layer. */
  readonly address: string | undefined
  /** The client's exact address, for a key's allow list; absent: `address` is taken. */
  readonly clientIp?: string | undefined
  readonly requestId: string
  /** The scope the request needs; of a list, any one. undefined: any valid key will do. */
  readonly scope?: string | readonly string[] | undefined
  /** Units taken from each limit; a safe integer of at least 1, default 1. */
  readonly cost?: number | undefined
  /** Limits of this route, beside those of the key's tier. */
  readonly route?: RouteLimits | undefined
  /**
   * An outer check has charged this request to its key and address: take only the limits of `route`.
   * Key, state and scope are checked as ever. Default false.
   */
  readonly routeOnly?: boolean | undefined
  /**
   * Held in the same step as the limits are charged; `allowed.reservation` settles it. Not looked at
   * where the configuration says nothing of money.
   */
  readonly spend?: SpendIntent | undefined
}

/** A call whose cost is bounded before it is made. */
export interface SpendIntent {
  /** null where it names none. */
  readonly model: string | null
  /** The worst case. */
  readonly amount: Amount
}

/** What a key may spend on, tier and operator's caps together. */
export interface SpendPolicy {
  /** Output tokens of one call at most. */
  readonly maxOutputTokens: number
  /** Whether the tier (or the key) has a maximum: a larger request is lowered to it. */
  readonly isClamped: boolean
  allowsModel(model: string): boolean
}

export interface CapView {
  readonly scope: SpendScope
  readonly status: CapStatus
}

/**
 * Money: prices, policies, reservations, the ledger. null on a gate without any `spend` in its
 * configuration.
 *
 * @example
 * const held = await gate.spend?.reserve(identity, { model: 'gpt-4o-mini', amount }, requestId)
 */
export interface SpendDesk {
  readonly settings: SpendSettings
  policyOf(identity: Pick<Identity, 'keyId' | 'tier'>): SpendPolicy
  /** The price of a model, and where it came from; an unknown one is warned of once. */
  priceOf(model: string | null): { readonly price: ModelPrice; readonly source: PriceSource }
  /** Holds without a check: for a handler that knows the model only now. */
  reserve(
    identity: Pick<Identity, 'keyId'>,
    intent: SpendIntent,
    requestId: string,
  ): Promise<Reservation | Denied>
  report(query?: SpendQuery): Promise<SpendReport>
  /** Every cap that holds for a key; without one those of the account. */
  caps(keyId?: string): Promise<readonly CapView[]>
  /** Caps of a scope until they are set again; null: as configured. Everywhere within about a second. */
  setCaps(scope: SpendScope, caps: Omit<SetCaps, 'scope'> | null, actor?: Actor): Promise<void>
  /** The scope has spent nothing from now on; the report still tells what it had. */
  reset(scope: SpendScope, actor?: Actor): Promise<void>
}

export interface RouteLimits {
  /** Stable across restarts; requests of one key to one route id share a counter. */
  readonly id: string
  readonly limits: readonly Limit[]
}

export interface IssueKeyInput {
  /** An e-mail address. */
  readonly owner: string
  readonly ownerExternalId?: string
  /** Default `free`. */
  readonly tier?: string
  /** Default `['read']`. */
  readonly scopes?: readonly string[]
  readonly name?: string
  /** Wall time in ms since the epoch; must be in the future. Absent: never expires. */
  readonly expiresAtMs?: number
  /** Default `live`. */
  readonly mode?: KeyMode
  readonly limitOverrides?: readonly Limit[]
  /** CIDR blocks or single addresses. */
  readonly allowedAddresses?: readonly string[]
}

export interface IssueOptions {
  /**
   * 1 to 255 visible ASCII characters that name this creation, such as a UUID. A second call with it
   * makes no second key: it rejects with `conflict` and names the key_id that the first one made, or
   * with `idempotency_conflict` when it asks for something else.
   */
  readonly idempotencyKey?: string
}

/** A new key. `key` is the only time that its full text exists outside the client. */
export interface IssuedKey {
  readonly key: string
  readonly record: KeyRecord
}

/** Who makes a change, for the audit log. */
export interface Actor {
  /** `cli`, `library`, or a key_id. Default `library`. */
  readonly actor?: string
  readonly address?: string
  readonly requestId?: string
}

/** An existing hash taken over from another system: the client keeps its key of Lockgate's format. */
export interface ImportKeyInput extends IssueKeyInput {
  readonly keyId: string
  /** PHC string: `$argon2id$…` or `$2b$…`, over the secret part of the key. */
  readonly secretHash: string
}

/** Control of keys. Every method rejects with a LockgateError and then has changed nothing. */
export interface KeyDirectory {
  issue(input: IssueKeyInput, actor?: Actor, options?: IssueOptions): Promise<IssuedKey>
  importHash(input: ImportKeyInput, actor?: Actor): Promise<KeyRecord>
  /** A new key with the same owner, tier, scopes and name; the old one works for `graceMs` more. */
  rotate(keyId: string, options?: { readonly graceMs?: number }, actor?: Actor): Promise<IssuedKey>
  revoke(keyId: string, actor?: Actor): Promise<KeyRecord>
  disable(keyId: string, actor?: Actor): Promise<KeyRecord>
  enable(keyId: string, actor?: Actor): Promise<KeyRecord>
  /** Rejects with `not_found`. */
  find(keyId: string): Promise<KeyRecord>
  list(query?: Partial<KeyQuery>): Promise<readonly KeyRecord[]>
}

/** What is known of a leak beside the key. */
export interface LeakReport {
  /** Who found it: whoever holds the key, the operator, GitHub, or a scan of files. */
  readonly source: 'holder' | 'operator' | 'github' | 'scan'
  /** Where it was found, such as a URL or `src/app.ts:12`. Goes into the audit log and the mail. */
  readonly where?: string | undefined
}

export interface LeakOutcome {
  readonly key: KeyRecord
  /** `revoked` by this report; `noted` where it was revoked before; `none` where it was reported before. */
  readonly effect: 'revoked' | 'noted' | 'none'
  /** The owner's address, where a mail is on its way. */
  readonly mailTo: string | null
}

/**
 * Leaks: from a report to a revoked key, a mail and a link, as one change.
 *
 * @example
 * const found = { source: 'operator', where: 'https://pastebin.example/x' } as const
 * const { effect, mailTo } = await gate.leaks.reportId('7Hq2mZ9x', found)
 */
export interface LeakDesk {
  /**
   * A report by whoever holds the key: possession is the proof, so a report tells nothing about other
   * keys. What is no valid key counts as a bad credential of `address`; denied as `invalid_key`,
   * `too_many_failures`, `overloaded` … The mail about a key that had expired, or that an operator had
   * disabled, has no link: its owner's report does not bring it back.
   */
  reportKey(
    presentedKey: string,
    report: LeakReport,
    from: { readonly address: string | undefined; readonly requestId: string },
  ): Promise<LeakOutcome | Denied>
  /** A report by the operator. Rejects with `not_found`. */
  reportId(keyId: string, report: LeakReport, actor?: Actor): Promise<LeakOutcome>
}

/** What the page of a link shows. */
export interface LinkView {
  /** `expired`: the token's time is over and the link still open, so a fresh mail can be asked for. */
  readonly state: 'open' | 'expired'
  readonly purpose: LinkPurpose
  readonly key: KeyRecord
  /** Of the newest leak or suspicion: when, and where it was found; null where nobody said. */
  readonly atMs: number
  readonly where: string | null
  /** What was strange: null for a leak, and where the audit log does not have it any more. */
  readonly reason: 'new_networks' | 'rate' | null
  /** New networks within an hour, or requests of one hour. */
  readonly seen: number | null
  /** Networks known before, or requests of the mean busy hour. */
  readonly usual: number | null
}

/**
 * One-click links, by the token that a mail carries. Unknown, used or malformed: `link_expired`. So is
 * the link of a suspicious key that an operator has revoked or disabled meanwhile, and that of a key
 * whose time is used up: no link gives back what was taken away.
 *
 * @example
 * const { state, key } = await gate.links.look(token)
 * if (state === 'open') console.log((await gate.links.replace(token)).key)
 */
export interface LinkDesk {
  /** Changes nothing, however often it is called. */
  look(token: string): Promise<LinkView>
  /**
   * Makes the new key, with the same owner, scopes, tier, limits and name; it ends when the old one
   * would have, or after the time that it had left. The link is closed by it. `overloaded` where too
   * many keys are made at once.
   */
  replace(token: string, actor?: Actor): Promise<IssuedKey>
  /** The owner knows the strange use: the key stays, or comes back. Rejects with `conflict` for a leak. */
  keep(token: string, actor?: Actor): Promise<KeyRecord>
  /**
   * Sends a fresh mail to the address on file: at most one in ten minutes, and five in all, otherwise
   * `rate_limited`. Only for an expired token, otherwise `conflict`.
   */
  renew(token: string, actor?: Actor): Promise<void>
}

/**
 * Mail that waits. A gate sends it by itself, unless it was opened with `chores: false`.
 *
 * @example
 * const { waiting } = await gate.post.deliver()
 */
export interface Post {
  /** Tries what is due now; resolves when each was tried. Never rejects for a server that refuses. */
  deliver(): Promise<{ readonly sent: number; readonly waiting: number; readonly failed: number }>
}

/** The audit log, read. */
export interface AuditLog {
  /** The newest rows that match, oldest first; default 100. */
  tail(query?: Partial<AuditQuery>): Promise<readonly PositionedAuditRow[]>
  read(query: AuditQuery): Promise<readonly PositionedAuditRow[]>
  /**
   * Walks every chain; names the first row that was edited, deleted, reordered or cut off, the first
   * checkpoint with a wrong signature, or the first exported head that the log does not pass through.
   */
  verify(evidence?: AuditEvidence): Promise<AuditVerdict>
  /** The newest row of each chain, signed, to be kept elsewhere. */
  signHeads(): Promise<readonly SignedPlace[]>
  /** Lets go of old rows. Rejects with `conflict` where the log is not what was written. */
  prune(options: PruneOptions): Promise<PruneReport>
  /** A key was let in as an administrator: written once an hour for each key and address. */
  signedIn(caller: SignIn): void
  /** Writes what is folded in memory now. */
  flush(): Promise<void>
}

/** What a log is verified against, besides itself. */
export interface AuditEvidence {
  /**
   * Public keys (SPKI DER, base64url) that may have signed checkpoints and heads. Default: the signing
   * key in use, else those that `heads` bring along.
   */
  readonly trustedKeys?: readonly string[]
  /** Heads that were exported before, of the same log. */
  readonly heads?: readonly SignedPlace[]
}

/** Whose signatures were believed, and by which keys. Of `nobody`, signatures only show damage. */
export interface AuditTrust {
  readonly source: 'given' | 'signing key' | 'heads' | 'nobody'
  readonly keys: readonly string[]
}

export type AuditVerdict =
  | {
      readonly intact: true
      readonly rows: number
      readonly chains: number
      /** Chains that begin at a checkpoint, because older rows were let go of. */
      readonly checkpoints: number
      readonly trust: AuditTrust
      /** Exported heads: those that the log passes through, and those among rows that have gone. */
      readonly heads: { readonly passed: number; readonly pruned: number }
    }
  | {
      readonly intact: false
      readonly chain: string
      /** The seq of the first row that does not fit. */
      readonly seq: number
      readonly problem: string
    }

/** `down`: no request can be served because of it. `degraded`: requests are served, with less. */
export interface HealthCheck {
  readonly status: 'ok' | 'degraded' | 'down'
  readonly detail?: string
}

export interface GateHealth {
  readonly status: 'ready' | 'degraded'
  readonly reasons: readonly string[]
  readonly checks: Readonly<Record<'store' | 'counters' | 'audit', HealthCheck>>
}

/** What adapters remember once per gate, however many are built on it. It goes away with the gate. */
export interface AdapterNotes {
  /** The foot-guns that were warned of. */
  readonly warnings: Set<string>
  /** How many routes with limits of these names were registered. */
  readonly routes: Map<string, number>
}

/** What adapters of HTTP need of a gate: to check requests, and how to read and answer them. */
export interface RequestGate {
  /** Synchronous where nothing has to be awaited: verified key, counters in memory. Never rejects
   * for a denial; rejects only for a bug. */
  check(request: CheckRequest): Decision | Promise<Decision>
  /**
   * Everything of a check that comes before the counters: whether there is a valid key with the right
   * to this. For what has to read a body before it can be decided. Takes nothing from a key that it
   * recognises; what it denies is counted and told as `check` does, which need not be asked any more.
   */
  recognise(request: CheckRequest): Identity | Denied | Promise<Identity | Denied>
  readonly spend: SpendDesk | null
  /**
   * Ends an allowed request; needed where `allowed.mustSettle`. Idempotent. A reservation that is not
   * settled by then is abandoned; a cost that comes within a minute still counts. The id is for the log.
   */
  settle(allowed: Allowed, requestId?: string): void
  /**
   * Counts a request that was refused before it could be checked (malformed credential …) against
   * its address; a denial when the address is over its limit already.
   */
  countRefused(
    address: string | undefined,
    requestId: string,
  ): Denied | undefined | Promise<Denied | undefined>
  readonly tiers: ReadonlyMap<string, Tier>
  /** null: the address layer is off. */
  readonly address: AddressSettings | null
  /** How adapters read and answer HTTP for this gate. */
  readonly http: HttpSettings
  /** Where adapters report foot-guns and failures. Never receives a key. */
  readonly log: Logger
  readonly notes: AdapterNotes
}

export interface Gate extends RequestGate {
  readonly keys: KeyDirectory
  readonly leaks: LeakDesk
  readonly links: LinkDesk
  readonly post: Post
  /** How keys were used, of those that ever were; what this process counted is saved first. */
  activityOf(keyIds: readonly string[]): Promise<ReadonlyMap<string, KeyActivity>>
  readonly audit: AuditLog
  /** The base of the links in mails, without a slash at its end. */
  readonly publicUrl: string
  /** From memory: costs no I/O. */
  health(): GateHealth
  /** Flushes audit and usage, then closes counters and store. Idempotent. */
  close(): Promise<void>
}

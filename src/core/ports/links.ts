/**
 * One-click links: what the owner of a leaked or suspicious key gets by mail. A link is about one key
 * and is closed once; until then any number of tokens open it, each for its own time, because each
 * mail that is sent has a token of its own. Only the SHA-256 of a token is kept.
 */
import type { AuditEntry } from '../audit.ts'
import type { KeyRecord } from '../key/key-record.ts'
import type { NewMail } from '../mail.ts'
import type { NewKey } from './store.ts'

export type LinkPurpose = 'leaked' | 'suspicious'

export interface NewLink {
  /** Random, not secret. */
  readonly linkId: string
  readonly keyId: string
  readonly purpose: LinkPurpose
  readonly createdAtMs: number
}

export interface Link extends NewLink {
  /** null while it can be used. */
  readonly closedAtMs: number | null
  /** The key that was made by it; null where it was kept, or is open. */
  readonly replacementKeyId: string | null
}

/** A link as it is kept. */
export interface KeptLink extends Link {
  /**
   * The version that the key had once a suspicion had disabled it: while it still has that one, nobody
   * else has disabled it, and keeping it enables it. null where the key was not disabled.
   */
  readonly suspendedVersion: number | null
}

export interface LinkToken {
  readonly linkId: string
  readonly tokenHash: string
  readonly expiresAtMs: number
}

/** A link with all of its tokens, as it is copied to another store. */
export interface ExportedLink {
  readonly link: KeptLink
  readonly tokens: readonly LinkToken[]
}

/** What a token leads to. */
export interface FoundLink {
  readonly link: Link
  readonly key: KeyRecord
  /** From then on this token opens it no more. */
  readonly tokenExpiresAtMs: number
}

export interface LeakResponse {
  readonly atMs: number
  readonly link: NewLink
  readonly mails: readonly NewMail[]
  /** `key.leaked` is written at each first report; `key.revoked` only if the report revoked it. */
  readonly leaked: AuditEntry
  readonly revoked: AuditEntry
}

export interface SuspicionResponse {
  readonly atMs: number
  /** Also disables an active key. */
  readonly suspend: boolean
  readonly link: NewLink
  readonly mails: readonly NewMail[]
  readonly suspicious: AuditEntry
  readonly disabled: AuditEntry
  /** Nothing happens where a suspicion of this key was raised after this time. */
  readonly quietSinceMs: number
}

export type LinkClosing =
  /** Revokes the key if it is not revoked yet, and makes this one. */
  | {
      readonly kind: 'replace'
      readonly replacement: NewKey
      readonly revoked: AuditEntry
      readonly audit: readonly AuditEntry[]
    }
  /** Enables the key if the suspicion disabled it. Only where the purpose is `suspicious`. */
  | { readonly kind: 'keep'; readonly enabled: AuditEntry; readonly audit: readonly AuditEntry[] }

export interface Links {
  /**
   * Revokes a leaked key, opens its link and queues its mails, as one change. A key that was revoked
   * before gets its `key.leaked` row at the first report, and no link and no mail: whoever revoked it
   * has dealt with it. A second report changes nothing. Rejects with `not_found`.
   */
  reportLeak(
    keyId: string,
    response: LeakResponse,
  ): Promise<{ readonly key: KeyRecord; readonly effect: 'revoked' | 'noted' | 'none' }>
  /** The same for a key whose use is strange. `isNew` tells whether anything happened. */
  raiseSuspicion(
    keyId: string,
    response: SuspicionResponse,
  ): Promise<{ readonly key: KeyRecord; readonly isNew: boolean }>
  /** Rejects with `not_found` where there is no such link, `link_expired` where it is closed. */
  addLinkToken(token: LinkToken): Promise<void>
  findLink(tokenHash: string): Promise<FoundLink | undefined>
  /**
   * Closes the link for good, as one change. Rejects with `link_expired` where the token is unknown
   * or has expired at `atMs`, or the link is closed: of two at once, one wins.
   */
  closeLink(
    tokenHash: string,
    atMs: number,
    closing: LinkClosing,
  ): Promise<{ readonly key: KeyRecord; readonly replacement: KeyRecord | null }>
  /** By link_id, from the one after `after`; 1 to 1,000 of them. */
  listLinks(page: {
    readonly after?: string
    readonly pageSize: number
  }): Promise<readonly ExportedLink[]>
}

/** A link and its tokens between their table rows and their records. */
import { LockgateError } from '../../core/errors.ts'
import type { KeptLink, Link, LinkPurpose, LinkToken } from '../../core/ports/links.ts'
import type { LinksTable, LinkTokensTable } from './tables.ts'

const DAY_MS = 86_400_000

/** A token that has expired is recognised for so long, so that a fresh mail can be offered. */
const EXPIRED_TOKEN_KEPT_MS = 30 * DAY_MS
const SUSPICION_KEPT_MS = 400 * DAY_MS

export type TokenRow = LinksTable & Pick<LinkTokensTable, 'expires_at_ms'>

export const linkFromRow = (row: LinksTable): KeptLink => ({
  linkId: row.link_id,
  keyId: row.key_id,
  // The table's check constraint admits these values only.
  purpose: row.purpose as LinkPurpose,
  createdAtMs: row.created_at_ms,
  closedAtMs: row.closed_at_ms,
  replacementKeyId: row.replacement_key_id,
  suspendedVersion: row.suspended_version,
})

/** As it is shown. */
export function shownLink({ suspendedVersion: _, ...link }: KeptLink): Link {
  return link
}

export const rowFromLink = (link: KeptLink) =>
  ({
    link_id: link.linkId,
    key_id: link.keyId,
    purpose: link.purpose,
    created_at_ms: link.createdAtMs,
    closed_at_ms: link.closedAtMs,
    replacement_key_id: link.replacementKeyId,
    suspended_version: link.suspendedVersion,
  }) satisfies LinksTable

export const tokenFromRow = (row: LinkTokensTable): LinkToken => ({
  linkId: row.link_id,
  tokenHash: row.token_hash,
  expiresAtMs: row.expires_at_ms,
})

export const rowFromToken = (token: LinkToken) =>
  ({
    token_hash: token.tokenHash,
    link_id: token.linkId,
    expires_at_ms: token.expiresAtMs,
  }) satisfies LinkTokensTable

/** What a new link or token lets go of. Time comes with what is new. */
export const suspicionsBefore = (link: KeptLink) => ({
  key_id: link.keyId,
  forgotten_ms: link.createdAtMs - SUSPICION_KEPT_MS,
})
export const tokensBefore = (token: LinkToken) => ({
  forgotten_ms: token.expiresAtMs - EXPIRED_TOKEN_KEPT_MS,
})

/** Throws unless a token can be added to it. */
export function refuseClosed(row: LinksTable | undefined): void {
  if (row === undefined) throw new LockgateError('not_found', 'there is no such link')
  if (row.closed_at_ms !== null) throw new LockgateError('link_expired')
}

/** The link that a token opens at `atMs`. Throws `link_expired`. */
export function openedBy(row: TokenRow | undefined, atMs: number): KeptLink {
  if (row === undefined || row.expires_at_ms <= atMs) throw new LockgateError('link_expired')
  return linkFromRow(row)
}

/**
 * Links and their tokens. Every method runs in a session of its caller; those that change something,
 * inside a transaction.
 *
 * Concurrency: whoever opens or closes a link holds the lock of its key's row, so of two that close
 * one link at once, the second finds it closed. Locks are taken in the order key, owner, new key,
 * links, outbox, audit log.
 */

import type { KeyRecord } from '../../core/key/key-record.ts'
import {
  closingChange,
  type LinkChange,
  leakChange,
  suspicionChange,
} from '../../core/key/link-change.ts'
import type {
  ExportedLink,
  FoundLink,
  KeptLink,
  LeakResponse,
  LinkClosing,
  LinkToken,
  SuspicionResponse,
} from '../../core/ports/links.ts'
import {
  closeLink,
  findLink,
  findToken,
  insertLink,
  insertToken,
  linkPage,
  linksOfKey,
  pruneSuspicions,
  pruneTokens,
  tokensOfLink,
} from '../tables/link-queries.ts'
import {
  linkFromRow,
  openedBy,
  refuseClosed,
  rowFromLink,
  rowFromToken,
  shownLink,
  suspicionsBefore,
  tokenFromRow,
  tokensBefore,
} from '../tables/link-row.ts'
import type { SqlBuilder } from '../tables/tables.ts'
import type { AuditLog } from './audit-log.ts'
import type { Keys } from './keys.ts'
import type { Outbox } from './outbox.ts'
import type { Session } from './session.ts'

interface Parts {
  readonly keys: Keys
  readonly outbox: Outbox
  readonly audit: AuditLog
}

export class Links {
  readonly #sql: SqlBuilder
  readonly #parts: Parts

  constructor(sql: SqlBuilder, parts: Parts) {
    this.#sql = sql
    this.#parts = parts
  }

  /** Throws `not_found`. */
  async reportLeak(session: Session, keyId: string, response: LeakResponse) {
    const key = await this.#parts.keys.lock(session, keyId)
    const change = leakChange(key, await this.#linksOf(session, keyId), response)
    if (change === undefined) return { key, effect: 'none' } as const
    const effect = change.key === key ? 'noted' : 'revoked'
    return { key: (await this.#apply(session, key, change)).key, effect } as const
  }

  /** Throws `not_found`. */
  async raiseSuspicion(session: Session, keyId: string, response: SuspicionResponse) {
    const key = await this.#parts.keys.lock(session, keyId)
    const change = suspicionChange(key, await this.#linksOf(session, keyId), response)
    if (change === undefined) return { key, isNew: false }
    return { key: (await this.#apply(session, key, change)).key, isNew: true }
  }

  /** Throws `link_expired` or `conflict`. */
  async close(session: Session, tokenHash: string, atMs: number, closing: LinkClosing) {
    const row = await session.get(findToken(this.#sql), { token_hash: tokenHash })
    const { keyId, linkId } = openedBy(row, atMs)
    const key = await this.#parts.keys.lock(session, keyId)
    const links = await this.#linksOf(session, keyId)
    return this.#apply(session, key, closingChange(key, links, linkId, atMs, closing))
  }

  /** Throws `not_found` or `link_expired`. */
  async addToken(session: Session, token: LinkToken): Promise<void> {
    refuseClosed(await session.get(findLink(this.#sql), { link_id: token.linkId }))
    await session.all(insertToken(this.#sql), rowFromToken(token))
    await session.all(pruneTokens(this.#sql), tokensBefore(token))
  }

  async find(session: Session, tokenHash: string): Promise<FoundLink | undefined> {
    const row = await session.get(findToken(this.#sql), { token_hash: tokenHash })
    if (row === undefined) return undefined
    const key = await this.#parts.keys.require(session, row.key_id)
    return { link: shownLink(linkFromRow(row)), key, tokenExpiresAtMs: row.expires_at_ms }
  }

  async list(session: Session, after: string, pageSize: number): Promise<ExportedLink[]> {
    const exported: ExportedLink[] = []
    for (const row of await session.all(linkPage(this.#sql), { after, page_size: pageSize })) {
      const tokens = await session.all(tokensOfLink(this.#sql), { link_id: row.link_id })
      exported.push({ link: linkFromRow(row), tokens: tokens.map(tokenFromRow) })
    }
    return exported
  }

  /** Links as they are, from another store. */
  async add(session: Session, links: readonly ExportedLink[]): Promise<void> {
    for (const { link, tokens } of links) {
      await session.all(insertLink(this.#sql), rowFromLink(link))
      for (const token of tokens) await session.all(insertToken(this.#sql), rowFromToken(token))
    }
  }

  async #linksOf(session: Session, keyId: string): Promise<KeptLink[]> {
    return (await session.all(linksOfKey(this.#sql), { key_id: keyId })).map(linkFromRow)
  }

  async #apply(session: Session, before: KeyRecord, change: LinkChange) {
    const { key, opens, closes, mails, audit } = change
    const { keys, outbox, audit: log } = this.#parts
    const after = key === before ? key : await keys.write(session, key)
    const made = closes?.replacement ?? null
    const replacement = made && (await keys.insert(session, made))
    if (opens !== undefined) {
      await session.all(pruneSuspicions(this.#sql), suspicionsBefore(opens))
      await session.all(insertLink(this.#sql), rowFromLink(opens))
    }
    for (const linkId of closes?.linkIds ?? []) {
      const closed = { closed_at_ms: closes?.atMs ?? 0, replacement_key_id: made?.keyId ?? null }
      await session.all(closeLink(this.#sql), { link_id: linkId, ...closed })
    }
    await outbox.enqueue(session, mails)
    await log.append(session, audit)
    return { key: after, replacement }
  }
}

/** Links and their tokens. Every method runs inside a transaction or read of its caller. */

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
  type TokenRow,
  tokenFromRow,
  tokensBefore,
} from '../tables/link-row.ts'
import type { LinksTable, LinkTokensTable } from '../tables/tables.ts'
import type { AuditLog } from './audit-log.ts'
import type { Connection } from './connection.ts'
import type { Keys } from './keys.ts'
import type { Outbox } from './outbox.ts'
import { sqlite } from './sql.ts'
import type { Statement } from './statement.ts'

interface Parts {
  readonly keys: Keys
  readonly outbox: Outbox
  readonly audit: AuditLog
}

export class Links {
  readonly #parts: Parts
  readonly #insert: Statement<unknown>
  readonly #find: Statement<LinksTable>
  readonly #ofKey: Statement<LinksTable>
  readonly #close: Statement<unknown>
  readonly #pruneSuspicions: Statement<unknown>
  readonly #page: Statement<LinksTable>
  readonly #insertToken: Statement<unknown>
  readonly #findToken: Statement<TokenRow>
  readonly #tokensOf: Statement<LinkTokensTable>
  readonly #pruneTokens: Statement<unknown>

  constructor(connection: Connection, parts: Parts) {
    this.#parts = parts
    this.#insert = connection.prepare(insertLink(sqlite).compile())
    this.#find = connection.prepare(findLink(sqlite).compile())
    this.#ofKey = connection.prepare(linksOfKey(sqlite).compile())
    this.#close = connection.prepare(closeLink(sqlite).compile())
    this.#pruneSuspicions = connection.prepare(pruneSuspicions(sqlite).compile())
    this.#page = connection.prepare(linkPage(sqlite).compile())
    this.#insertToken = connection.prepare(insertToken(sqlite).compile())
    this.#findToken = connection.prepare(findToken(sqlite).compile())
    this.#tokensOf = connection.prepare(tokensOfLink(sqlite).compile())
    this.#pruneTokens = connection.prepare(pruneTokens(sqlite).compile())
  }

  /** Throws `not_found`. */
  reportLeak(keyId: string, response: LeakResponse) {
    const key = this.#parts.keys.require(keyId)
    const change = leakChange(key, this.#linksOf(keyId), response)
    if (change === undefined) return { key, effect: 'none' } as const
    const effect = change.key === key ? 'noted' : 'revoked'
    return { key: this.#apply(key, change).key, effect } as const
  }

  /** Throws `not_found`. */
  raiseSuspicion(keyId: string, response: SuspicionResponse) {
    const key = this.#parts.keys.require(keyId)
    const change = suspicionChange(key, this.#linksOf(keyId), response)
    if (change === undefined) return { key, isNew: false }
    return { key: this.#apply(key, change).key, isNew: true }
  }

  /** Throws `link_expired` or `conflict`. */
  close(tokenHash: string, atMs: number, closing: LinkClosing) {
    const { keyId, linkId } = openedBy(this.#findToken.get({ token_hash: tokenHash }), atMs)
    const key = this.#parts.keys.require(keyId)
    return this.#apply(key, closingChange(key, this.#linksOf(keyId), linkId, atMs, closing))
  }

  /** Throws `not_found` or `link_expired`. */
  addToken(token: LinkToken): void {
    refuseClosed(this.#find.get({ link_id: token.linkId }))
    this.#insertToken.run(rowFromToken(token))
    this.#pruneTokens.run(tokensBefore(token))
  }

  find(tokenHash: string): FoundLink | undefined {
    const row = this.#findToken.get({ token_hash: tokenHash })
    if (row === undefined) return undefined
    const key = this.#parts.keys.require(row.key_id)
    return { link: shownLink(linkFromRow(row)), key, tokenExpiresAtMs: row.expires_at_ms }
  }

  list(after: string, pageSize: number): ExportedLink[] {
    return this.#page.all({ after, page_size: pageSize }).map((row) => ({
      link: linkFromRow(row),
      tokens: this.#tokensOf.all({ link_id: row.link_id }).map(tokenFromRow),
    }))
  }

  /** Links as they are, from another store. */
  add(links: readonly ExportedLink[]): void {
    for (const { link, tokens } of links) {
      this.#insert.run(rowFromLink(link))
      for (const token of tokens) this.#insertToken.run(rowFromToken(token))
    }
  }

  #linksOf(keyId: string): KeptLink[] {
    return this.#ofKey.all({ key_id: keyId }).map(linkFromRow)
  }

  #apply(before: KeyRecord, { key, opens, closes, mails, audit }: LinkChange) {
    const { keys, outbox, audit: log } = this.#parts
    const after = key === before ? key : keys.write(key)
    const made = closes?.replacement ?? null
    const replacement = made && keys.insert(made)
    if (opens !== undefined) {
      this.#pruneSuspicions.run(suspicionsBefore(opens))
      this.#insert.run(rowFromLink(opens))
    }
    for (const linkId of closes?.linkIds ?? []) {
      const replacement_key_id = made?.keyId ?? null
      this.#close.run({ link_id: linkId, closed_at_ms: closes?.atMs ?? 0, replacement_key_id })
    }
    outbox.enqueue(mails)
    log.append(audit)
    return { key: after, replacement }
  }
}

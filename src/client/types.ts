/** The client's types, read from the contract of the server. Types only: nothing of it is loaded. */
import type { z } from 'zod'
import type { readAudit } from '../admin/audit/contract.ts'
import type { createKey } from '../admin/keys/create/contract.ts'
import type { disableKey } from '../admin/keys/disable/contract.ts'
import type { enableKey } from '../admin/keys/enable/contract.ts'
import type { listKeys } from '../admin/keys/list/contract.ts'
import type { revokeKey } from '../admin/keys/revoke/contract.ts'
import type { rotateKey } from '../admin/keys/rotate/contract.ts'
import type { showKey } from '../admin/keys/show/contract.ts'
import type { verifyKey } from '../admin/verify/contract.ts'

interface Contract {
  readonly answer: z.ZodType
}
type Body<E extends { readonly body: z.ZodType }> = z.input<E['body']>
type Answer<E extends Contract> = z.output<E['answer']>
/** As a query is given in a program: a page's size is a number there. */
type Query<E extends { readonly query: z.ZodType }> = Omit<z.input<E['query']>, 'limit'> & {
  readonly limit?: number | undefined
}

export type CreateKeyInput = Body<typeof createKey>
export type NewKey = Answer<typeof createKey>
export type ListKeysQuery = Query<typeof listKeys>
export type KeyPage = Answer<typeof listKeys>
export type Key = Answer<typeof showKey>
export type RotateKeyInput = Body<typeof rotateKey>
export type RotatedKey = Answer<typeof rotateKey>
export type RevokedKey = Answer<typeof revokeKey>
export type DisabledKey = Answer<typeof disableKey>
export type EnabledKey = Answer<typeof enableKey>
export type VerifyInput = Body<typeof verifyKey>
export type Verdict = Answer<typeof verifyKey>
export type AuditQuery = Query<typeof readAudit>
export type AuditPage = Answer<typeof readAudit>
export type AuditRow = AuditPage['data'][number]

export interface CreateKeyOptions {
  /** Names this creation, such as a UUID: sent again, it makes no second key. */
  readonly idempotencyKey?: string
}

export interface LockgateClient {
  readonly keys: {
    /** Issues a key. `key` in the answer is the only time that it is shown. */
    create(input: CreateKeyInput, options?: CreateKeyOptions): Promise<NewKey>
    /** One page, newest first; `next_cursor` leads to the next. */
    list(query?: ListKeysQuery): Promise<KeyPage>
    /** Every key that matches, page by page. */
    all(query?: Omit<ListKeysQuery, 'cursor'>): AsyncGenerator<Key, void, undefined>
    show(keyId: string): Promise<Key>
    rotate(keyId: string, input?: RotateKeyInput): Promise<RotatedKey>
    revoke(keyId: string): Promise<RevokedKey>
    disable(keyId: string): Promise<DisabledKey>
    enable(keyId: string): Promise<EnabledKey>
  }
  /** Checks a key and charges it like a request. */
  verify(input: VerifyInput): Promise<Verdict>
  readonly audit: {
    /** One page, oldest first. */
    list(query?: AuditQuery): Promise<AuditPage>
    /** Every row that matches, page by page. */
    all(query?: Omit<AuditQuery, 'cursor'>): AsyncGenerator<AuditRow, void, undefined>
  }
}

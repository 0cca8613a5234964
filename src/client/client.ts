/** The client: a method for each endpoint that programs call, and its pages as one sequence. */
import { type ClientOptions, createCaller } from './call.ts'
import type { AuditPage, KeyPage, LockgateClient } from './types.ts'

/**
 * A client of the admin API. Each method rejects with a LockgateApiError for a refusal, and with
 * whatever fetch rejects with where there is no answer.
 *
 * @example
 * const client = createClient({ baseUrl: 'http://127.0.0.1:8788', key })
 * const { key_id } = await client.keys.create({ owner: 'ada@example.com', scopes: ['write'] })
 */
export function createClient(options: ClientOptions): LockgateClient {
  const call = createCaller(options)
  const at = (keyId: string): string => `/v1/keys/${encodeURIComponent(keyId)}`
  const change = <T>(keyId: string, what: string, body: object = {}): Promise<T> =>
    call({ method: 'POST', path: `${at(keyId)}/${what}`, body })
  const listKeys = (query?: object) => call<KeyPage>({ method: 'GET', path: '/v1/keys', query })
  const listAudit = (query?: object) => call<AuditPage>({ method: 'GET', path: '/v1/audit', query })

  return Object.freeze<LockgateClient>({
    keys: Object.freeze<LockgateClient['keys']>({
      create: (body, { idempotencyKey } = {}) => {
        const headers = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }
        return call({ method: 'POST', path: '/v1/keys', body, headers })
      },
      list: listKeys,
      all: (query) => pages((cursor) => listKeys({ ...query, cursor })),
      show: (keyId) => call({ method: 'GET', path: at(keyId) }),
      rotate: (keyId, input) => change(keyId, 'rotate', input),
      revoke: (keyId) => change(keyId, 'revoke'),
      disable: (keyId) => change(keyId, 'disable'),
      enable: (keyId) => change(keyId, 'enable'),
    }),
    verify: (body) => call({ method: 'POST', path: '/v1/verify', body }),
    audit: Object.freeze<LockgateClient['audit']>({
      list: listAudit,
      all: (query) => pages((cursor) => listAudit({ ...query, cursor })),
    }),
  })
}

async function* pages<T>(
  page: (
    cursor: string | undefined,
  ) => Promise<{ readonly data: readonly T[]; readonly next_cursor: string | null }>,
): AsyncGenerator<T, void, undefined> {
  let cursor: string | undefined
  do {
    const { data, next_cursor } = await page(cursor)
    yield* data
    cursor = next_cursor ?? undefined
  } while (cursor !== undefined)
}

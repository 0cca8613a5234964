import { describe, expect, test } from 'vitest'
import { ConfigError, ERRORS, type ErrorCode } from '../core/errors.ts'
import type { Refusal } from './admission.ts'
import { createRefuse } from './refusal.ts'

const SETTINGS = { errors: 'lockgate', legacyHeaders: false, realm: 'api' } as const
const refuse = createRefuse(SETTINGS)
const CODES = Object.keys(ERRORS) as ErrorCode[]
const requestId = 'req_abc1'
const header = (refusal: Refusal, name: string) =>
  refusal.headers.find(([known]) => known === name)?.[1]

describe('every refusal', () => {
  test.each(CODES)('%s is complete', (code) => {
    const refusal = refuse(code, { requestId, retryAfterSeconds: 9 })
    const { status, message } = ERRORS[code]
    const retries = status === 429 || status === 503
    expect(refusal.status).toBe(status)
    expect(JSON.parse(refusal.body)).toEqual({
      ...{ code, message, request_id: requestId },
      ...(retries ? { retry_after: 9 } : {}),
    })
    expect(header(refusal, 'Retry-After')).toBe(retries ? '9' : undefined)
    expect(header(refusal, 'Content-Type')).toBe('application/json')
    expect(header(refusal, 'Content-Length')).toBe(String(Buffer.byteLength(refusal.body)))
    expect(header(refusal, 'Cache-Control')).toBe('no-store')
    expect(header(refusal, 'X-Content-Type-Options')).toBe('nosniff')
    expect(header(refusal, 'Connection')).toBe('close' in ERRORS[code] ? 'close' : undefined)
    expect(refusal.close).toBe('close' in ERRORS[code])
  })

  test.each([
    ['missing_key', 'Bearer realm="api"'],
    ['malformed_authorization', 'Bearer realm="api", error="invalid_request"'],
    ['duplicate_credential', 'Bearer realm="api", error="invalid_request"'],
    ['multiple_credentials', 'Bearer realm="api", error="invalid_request"'],
    ['key_in_url', 'Bearer realm="api", error="invalid_request"'],
    ['invalid_key', 'Bearer realm="api", error="invalid_token"'],
    ['insufficient_scope', 'Bearer realm="api", error="insufficient_scope", scope="chat:write"'],
    ['ip_not_allowed', undefined],
    ['rate_limited', undefined],
  ] as const)('%s has the challenge %s', (code, challenge) => {
    expect(header(refuse(code, { requestId, scope: 'chat:write' }), 'WWW-Authenticate')).toBe(
      challenge,
    )
  })
})

test('whatever the reason, two refusals of a key differ in request_id only', () => {
  const plain = refuse('invalid_key', { requestId })
  const telling = refuse('invalid_key', {
    ...{ requestId, message: 'revoked yesterday', scope: 'write', retryAfterSeconds: 3 },
  })
  expect(telling).toEqual(plain)
})

describe('Retry-After', () => {
  test.each([
    [undefined, 1],
    [0, 1],
    [-5, 1],
    [1.2, 2],
    [Number.NaN, 1],
    [86_400, 86_400],
  ])('for %s says %i, in header and body', (retryAfterSeconds, expected) => {
    const refusal = refuse('rate_limited', { requestId, retryAfterSeconds })
    expect(header(refusal, 'Retry-After')).toBe(String(expected))
    expect(JSON.parse(refusal.body)).toHaveProperty('retry_after', expected)
  })
})

test('a 429 shows the limits that were looked at', () => {
  const limits = [{ name: 'minute', quota: 60, windowMs: 60_000, remaining: 0, resetMs: 9_000 }]
  const refusal = refuse('rate_limited', { requestId, retryAfterSeconds: 9, limits })
  expect(header(refusal, 'RateLimit')).toBe('"minute";r=0;t=9')
  expect(header(refusal, 'RateLimit-Policy')).toBe('"minute";q=60;w=60')
})

test('a decision can say more than the catalogue', () => {
  const refusal = refuse('invalid_field', { requestId, message: 'cost must be at least 1' })
  expect(JSON.parse(refusal.body)).toHaveProperty('message', 'cost must be at least 1')
})

test('errors: openai nests the same fields, with a type', () => {
  const nested = createRefuse({ ...SETTINGS, errors: 'openai' })
  const context = { requestId, retryAfterSeconds: 9 }
  const { error } = JSON.parse(nested('rate_limited', context).body)
  expect(error).toEqual({
    ...JSON.parse(refuse('rate_limited', context).body),
    type: 'rate_limit_error',
    param: null,
  })
})

describe('the realm', () => {
  test('is quoted', () => {
    const quoted = createRefuse({ ...SETTINGS, realm: 'my "api"' })('missing_key', { requestId })
    expect(header(quoted, 'WWW-Authenticate')).toBe('Bearer realm="my \\"api\\""')
  })

  test.each(['a\r\nSet-Cookie: x=1', 'é'])('refuses %j', (realm) => {
    expect(() => createRefuse({ ...SETTINGS, realm })).toThrow(ConfigError)
  })
})

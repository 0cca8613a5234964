/** Owner pages by status: what each state of a link shows, and with which headers. */
import { describe, expect, test } from 'vitest'
import { type ErrorCode, LockgateError } from '../../core/errors.ts'
import type { KeyRecord } from '../../core/key/key-record.ts'
import type { LinkDesk, LinkView } from '../../engine/gate.ts'
import { createRefuse } from '../../http/refusal.ts'
import type { AdminAnswer, AdminRequest } from '../routes.ts'
import { PAGE_HEADERS } from './page.ts'
import { replaceRoutes } from './replace.ts'

const KEY: KeyRecord = {
  ...{ keyId: '7Hq2mZ9x', owner: { email: 'ada@example.com', externalId: null } },
  ...{ name: 'Billing worker', tier: 'paid', scopes: ['read', 'chat:write'], mode: 'live' },
  ...{ secretHash: '$argon2id$hash', status: 'revoked', createdAtMs: 1, expiresAtMs: null },
  ...{ revokedAtMs: 2, version: 2, limitOverrides: [], allowedAddresses: [], rotatedFrom: null },
}
const ISSUED = {
  key: 'sk_live_4kWq8ZpB_secret',
  record: { ...KEY, keyId: '4kWq8ZpB', status: 'active', expiresAtMs: Date.UTC(2027, 0, 2, 3, 4) },
} as const
const LEAKED: LinkView = {
  ...{ state: 'open', purpose: 'leaked', key: KEY, atMs: Date.UTC(2026, 10, 5, 3, 14) },
  ...{ where: 'https://github.com/acme/site', reason: null, seen: null, usual: null },
}
const SUSPICIOUS: LinkView = {
  ...{ ...LEAKED, purpose: 'suspicious', where: '203.0.113.0/24' },
  ...{ reason: 'new_networks', seen: 9, usual: 3 },
  key: { ...KEY, status: 'disabled' },
}
const EXPIRED: LinkView = { ...LEAKED, state: 'expired' }

const fail = (code: ErrorCode) => () => Promise.reject(new LockgateError(code))

/** A desk that shows `view`; what is not handed over must not be called. */
function desk(view: LinkView, actions: Partial<LinkDesk> = {}): LinkDesk {
  const untouched = () => Promise.reject(new Error('must not be called'))
  return {
    look: async () => view,
    ...{ replace: untouched, keep: untouched, renew: untouched },
    ...actions,
  }
}

const refuse = createRefuse({ errors: 'lockgate', legacyHeaders: false, realm: 'admin' })

/** As the admin server does it: errors become refusals, to which the route gives their form. */
async function ask(
  links: LinkDesk,
  method: 'GET' | 'POST',
  parts: Partial<AdminRequest> = {},
): Promise<AdminAnswer> {
  const routes = replaceRoutes({ links, publicUrl: 'https://keys.acme.example/base' })
  const route = routes.find((candidate) => candidate.method === method)
  const request: AdminRequest = {
    ...{ requestId: 'req_1', params: { token: 't'.repeat(43) }, query: new URLSearchParams() },
    ...{ headers: {}, body: undefined, address: '192.0.2.1', caller: undefined },
    ...parts,
  }
  try {
    const answer = await route?.handle(request)
    if (answer === undefined || !('status' in answer)) throw new Error('no answer')
    return answer
  } catch (error) {
    if (!(error instanceof LockgateError)) throw error
    const refusal = refuse(error.code, { requestId: 'req_1', message: error.message })
    const { status, headers, body } = route?.refuse?.(refusal, request) ?? refusal
    const all = Object.fromEntries(headers)
    return { status, contentType: all['Content-Type'] ?? '', body, headers: all }
  }
}

const post = (links: LinkDesk, action?: string, headers: AdminRequest['headers'] = {}) =>
  ask(links, 'POST', { body: action === undefined ? {} : { action }, headers })

const buttons = ({ body }: AdminAnswer): string[] =>
  [...body.matchAll(/<input type="hidden" name="action" value="(\w+)">/g)].map(
    ([, name]) => name ?? '',
  )

describe('GET 200', () => {
  test('a leak: what happened, when, where, which key, and one button', async () => {
    const answer = await ask(desk(LEAKED), 'GET')
    expect([answer.status, answer.contentType]).toEqual([200, 'text/html; charset=utf-8'])
    for (const said of ['7Hq2mZ9x', 'Billing worker', '>5 Nov 2026, 03:14 UTC<', 'github.com/']) {
      expect(answer.body).toContain(said)
    }
    expect(buttons(answer)).toEqual(['replace'])
  })

  test('a suspicion: replace or keep', async () => {
    const answer = await ask(desk(SUSPICIOUS), 'GET')
    expect(answer.body).toContain('paused')
    expect(buttons(answer)).toEqual(['replace', 'keep'])
  })

  test('a suspicion says what was strange in one sentence, and nothing where nobody knows', async () => {
    const { body } = await ask(desk(SUSPICIOUS), 'GET')
    expect(body).toContain(
      '<p>Within one hour it was used from 9 new networks; before that, it was known from 3.</p>',
    )
    expect(body).toContain('Used from')
    const rate = { reason: 'rate', seen: 4_100, usual: 52 } as const
    expect((await ask(desk({ ...SUSPICIOUS, ...rate }), 'GET')).body).toContain(
      '<p>In one hour it made 4,100 requests; in a usual busy hour it makes about 52.</p>',
    )
    for (const unknown of [{ reason: null }, { seen: null }, { usual: null }]) {
      const page = await ask(desk({ ...SUSPICIOUS, ...unknown }), 'GET')
      expect(page.body).not.toMatch(/one hour|undefined|null/)
    }
  })

  test('a suspicion about a key that was revoked meanwhile: there is nothing to keep', async () => {
    expect(buttons(await ask(desk({ ...SUSPICIOUS, key: KEY }), 'GET'))).toEqual(['replace'])
  })
})

describe('GET 410', () => {
  test('a token whose time is over: a fresh mail, to an address that is not told', async () => {
    const answer = await ask(desk(EXPIRED), 'GET')
    expect(answer.status).toBe(410)
    expect(buttons(answer)).toEqual(['renew'])
    expect(answer.body).toContain('a•••@example.com')
    expect(answer.body).not.toContain('ada@')
  })

  test('used and unknown tokens are one page, without a button', async () => {
    const answer = await ask(desk(LEAKED, { look: fail('link_expired') }), 'GET')
    expect(answer.status).toBe(410)
    expect(answer.contentType).toContain('text/html')
    expect(answer.body).toContain('link_expired')
    expect(buttons(answer)).toEqual([])
  })

  test.each([
    ['unknown', desk(LEAKED, { look: fail('link_expired') })],
    ['old', desk(EXPIRED)],
  ])('%s, as JSON for a client that prefers it', async (_which, links) => {
    const answer = await ask(links, 'GET', { headers: { accept: 'application/json' } })
    expect([answer.status, answer.contentType]).toEqual([410, 'application/json'])
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'link_expired', request_id: 'req_1' })
  })
})

describe('POST 200', () => {
  test('replace: the key in a field, once, with what it may do and how it is used', async () => {
    const actors: unknown[] = []
    const links = desk(LEAKED, {
      async replace(_token, actor) {
        actors.push(actor)
        return ISSUED
      },
    })
    const answer = await post(links, 'replace')
    expect(answer.status).toBe(200)
    expect(answer.body.split(ISSUED.key)).toHaveLength(2)
    expect(answer.body).toMatch(/<textarea [^>]*readonly[^>]*>sk_live_4kWq8ZpB_secret<\/textarea>/)
    for (const said of [
      '4kWq8ZpB',
      'read, chat:write',
      'paid',
      '>2 Jan 2027, 03:04 UTC<',
      'curl ',
    ]) {
      expect(answer.body).toContain(said)
    }
    expect(actors).toEqual([{ requestId: 'req_1', address: '192.0.2.1' }])
  })

  test('keep: the key stays', async () => {
    const links = desk(SUSPICIOUS, { keep: async () => ({ ...KEY, status: 'active' }) })
    const answer = await post(links, 'keep')
    expect([answer.status, buttons(answer)]).toEqual([200, []])
    expect(answer.body).toContain('7Hq2mZ9x')
  })

  test('renew: a mail to the address on file, which is not told', async () => {
    let renewed = 0
    const renew = async () => void renewed++
    const answer = await post(desk(EXPIRED, { renew }), 'renew')
    expect([answer.status, renewed]).toEqual([200, 1])
    expect(answer.body).toContain('a•••@example.com')
    expect(answer.body).not.toContain('ada@')
  })
})

test('POST 200: what works needs no renewal, so it is shown', async () => {
  const answer = await post(desk(LEAKED), 'renew')
  expect([answer.status, buttons(answer)]).toEqual([200, ['replace']])
})

describe('POST 403 csrf, before anything else', () => {
  test.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://evil.example' },
  ])('%o', async (headers) => {
    const answer = await post(desk(LEAKED, { look: fail('internal') }), 'replace', headers)
    expect(answer.status).toBe(403)
    expect(answer.body).toContain('csrf')
  })
})

test('POST 409: a leaked key cannot be kept', async () => {
  const answer = await post(desk(LEAKED, { keep: fail('conflict') }), 'keep')
  expect([answer.status, buttons(answer)]).toEqual([409, []])
})

test('POST 410: the second of two', async () => {
  const gone = fail('link_expired')
  const answer = await post(desk(LEAKED, { replace: gone, look: gone }), 'replace')
  expect(answer.status).toBe(410)
  expect(answer.body).not.toContain('<textarea')
})

test('POST 410: a page that was open too long offers a fresh mail', async () => {
  const answer = await post(desk(EXPIRED, { replace: fail('link_expired') }), 'replace')
  expect([answer.status, buttons(answer)]).toEqual([410, ['renew']])
})

test.each([undefined, '', 'REPLACE', '__proto__'])('POST 422: action %s', async (action) => {
  const answer = await post(desk(LEAKED), action, { accept: 'application/json' })
  expect(answer.status).toBe(422)
  expect(JSON.parse(answer.body).message).toContain('replace, keep, renew')
})

test('POST 429: a fresh mail was sent already', async () => {
  const answer = await post(desk(EXPIRED, { renew: fail('rate_limited') }), 'renew')
  expect(answer.status).toBe(429)
  expect(answer.headers?.['Retry-After']).toMatch(/^\d+$/)
})

test('POST 503: the database is away, and the link still works', async () => {
  const answer = await post(desk(LEAKED, { replace: fail('store_unavailable') }), 'replace')
  expect(answer.status).toBe(503)
  expect(answer.body).toContain('your link still works')
})

test('every answer, refusals in both forms included, has the headers of pages', async () => {
  const gone = desk(LEAKED, { look: fail('link_expired') })
  const json = { headers: { accept: 'application/json' } }
  const answers = [
    await ask(desk(LEAKED), 'GET'),
    await ask(desk(EXPIRED), 'GET'),
    await ask(gone, 'GET'),
    await ask(gone, 'GET', json),
    await post(desk(LEAKED, { replace: async () => ISSUED }), 'replace'),
    await post(desk(LEAKED), 'replace', { origin: 'https://evil.example' }),
  ]
  for (const { headers } of answers) expect(headers).toMatchObject(PAGE_HEADERS)
  expect(PAGE_HEADERS['Content-Security-Policy']).toMatch(
    /^default-src 'none'; style-src 'sha256-[^' ]+'; script-src 'sha256-[^' ]+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
  )
})

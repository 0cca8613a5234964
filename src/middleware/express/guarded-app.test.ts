/** The guard with the real engine, store and counters: what a client of a guarded app meets. */
import { once } from 'node:events'
import { createServer, request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import OpenAI from 'openai'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { LockgateConfig } from '../../config/index.ts'
import { createKeyFormat } from '../../core/key/format.ts'
import type { Gate } from '../../engine/gate.ts'
import { lockgate } from '../../lockgate.ts'
import { createTestClock } from '../../testing/test-clock.ts'
import { guard } from './index.ts'

const OWNER = 'ada@example.com'
const SCOPES = ['read', 'write']
const LIMITS = [{ name: 'minute', quota: 3, window: '1m' }]

const clock = createTestClock(Date.now())
let closers: (() => Promise<unknown>)[]
let logged: string[]
let gate: Gate
let app: ReturnType<typeof express>
beforeEach(() => {
  closers = []
  logged = []
  app = express()
})
afterEach(async () => {
  for (const close of closers.reverse()) await close()
})

async function open(config: LockgateConfig = {}): Promise<Gate> {
  const log = (fields: object, message: string) =>
    void logged.push(JSON.stringify([fields, message]))
  gate = await lockgate({
    config: {
      databaseUrl: 'sqlite::memory:',
      keys: { argon2id: { memoryKiB: 1024, passes: 1, parallelism: 1 } },
      tiers: { free: { limits: LIMITS } },
      ...config,
    },
    log: { debug: log, info: log, warn: log, error: log },
    clock,
  })
  closers.push(() => gate.close())
  return gate
}

async function issue(scopes: readonly string[] = SCOPES): Promise<string> {
  return (await gate.keys.issue({ owner: OWNER, scopes })).key
}

async function listen(): Promise<string> {
  const server: Server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Sends raw header lines, repeated names included, and reads the answer whole. */
async function send(url: string, headers: readonly string[] = [], method = 'GET') {
  const { promise, resolve, reject } = Promise.withResolvers<{
    readonly status: number | undefined
    readonly headers: Readonly<Record<string, unknown>>
    readonly body: string
  }>()
  const { host } = new URL(url)
  const client = httpRequest(url, { method, headers: ['Host', host, ...headers] }, (response) => {
    let body = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => {
      body += chunk
    })
    response.on('end', () => {
      const { date, ...rest } = response.headers
      resolve({ status: response.statusCode, headers: rest, body })
    })
  })
  client.on('error', reject).end()
  return promise
}

const bearer = (key: string) => ['Authorization', `Bearer ${key}`]

function guarded(options?: Parameters<typeof guard>[1]): void {
  app.use('/v1', guard(gate, options))
  app.all('/v1/clean', (req, res) => {
    res.json({ owner: req.lockgate.owner, request_id: req.lockgate.requestId })
  })
}

test('a key opens the app, and the handler knows its owner', async () => {
  await open()
  guarded({ scope: 'write' })
  const url = await listen()
  const { status, body, headers } = await send(`${url}/v1/clean`, bearer(await issue()))
  expect([status, JSON.parse(body).owner]).toEqual([200, OWNER])
  expect(headers).toMatchObject({
    ratelimit: '"minute";r=2;t=60',
    'ratelimit-policy': '"minute";q=3;w=60',
  })
})

describe('every bad credential gets the answer of its kind', () => {
  const stranger = createKeyFormat('sk').generate('live').key
  test.each([
    ['none', [], 401, 'missing_key', 'Bearer realm="api"'],
    ['Basic', ['Authorization', 'Basic dTpw'], 401, 'missing_key', 'Bearer realm="api"'],
    [
      'Bearer alone',
      ['Authorization', 'Bearer'],
      400,
      'malformed_authorization',
      'invalid_request',
    ],
    [
      'two words',
      ['Authorization', `Bearer ${stranger} x`],
      ...([400, 'malformed_authorization', 'invalid_request'] as const),
    ],
    [
      'two lines',
      [...bearer(stranger), ...bearer(stranger)],
      ...([400, 'duplicate_credential', 'invalid_request'] as const),
    ],
    [
      'two X-API-Key lines',
      ['X-API-Key', stranger, 'X-API-Key', stranger],
      ...([400, 'duplicate_credential', 'invalid_request'] as const),
    ],
    [
      'two that differ',
      [...bearer(stranger), 'X-API-Key', `${stranger}x`],
      ...([400, 'multiple_credentials', 'invalid_request'] as const),
    ],
    ['no key of ours', bearer('abc'), 401, 'invalid_key', 'invalid_token'],
    ['a bad checksum', bearer(`${stranger.slice(0, -1)}-`), 401, 'invalid_key', 'invalid_token'],
    ['an unknown key', bearer(stranger), 401, 'invalid_key', 'invalid_token'],
    ['an unknown X-API-Key', ['X-API-Key', stranger], 401, 'invalid_key', 'invalid_token'],
  ] as const)('%s', async (_, headers, status, code, challenge) => {
    await open()
    guarded()
    const answer = await send(`${await listen()}/v1/clean`, headers)
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([status, code])
    expect(answer.headers['www-authenticate']).toContain(challenge)
    expect(answer.headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-type': 'application/json',
    })
  })
})

test('no 401 tells why a key is not valid', async () => {
  await open()
  guarded()
  const url = `${await listen()}/v1/clean`
  const ended = async (end: (keyId: string) => Promise<unknown>) => {
    const { key, record } = await gate.keys.issue({ owner: OWNER, scopes: SCOPES })
    expect((await send(url, bearer(key))).status).toBe(200)
    await end(record.keyId)
    return key
  }
  const short = await gate.keys.issue({ owner: OWNER, expiresAtMs: clock.wallMs() + 1000 })
  const live = createKeyFormat('sk')
  const keys = [
    'not a key'.replaceAll(' ', ''),
    live.generate('live').key,
    await ended((keyId) => gate.keys.revoke(keyId)),
    await ended((keyId) => gate.keys.disable(keyId)),
    short.key,
  ]
  clock.advance(1000)
  const answers = await Promise.all(keys.map((key) => send(url, bearer(key))))
  const seen = answers.map(({ status, headers, body }) => {
    const { 'content-length': _, ...rest } = headers
    return JSON.stringify([status, rest, body.replace(/req_\w+/, 'req')])
  })
  expect(new Set(seen).size).toBe(1)
  expect(answers[0]?.status).toBe(401)
})

test('a revoked key gets 401 on the very next request', async () => {
  await open()
  guarded()
  const url = `${await listen()}/v1/clean`
  const { key, record } = await gate.keys.issue({ owner: OWNER })
  expect((await send(url, bearer(key))).status).toBe(200)
  await gate.keys.revoke(record.keyId)
  expect((await send(url, bearer(key))).status).toBe(401)
})

test('without a scope, reading needs read and everything else write', async () => {
  await open()
  guarded()
  const url = `${await listen()}/v1/clean`
  const reader = bearer(await issue(['read']))
  expect((await send(url, reader, 'GET')).status).toBe(200)
  const { status, headers, body } = await send(url, reader, 'POST')
  expect([status, JSON.parse(body).code]).toEqual([403, 'insufficient_scope'])
  expect(headers['www-authenticate']).toBe(
    'Bearer realm="api", error="insufficient_scope", scope="write"',
  )
})

describe('limits', () => {
  test('refuse with a wait that is long enough and not a second longer', async () => {
    await open()
    guarded()
    const url = `${await listen()}/v1/clean`
    const headers = bearer(await issue())
    for (let n = 0; n < 3; n++) expect((await send(url, headers)).status).toBe(200)
    const refused = await send(url, headers)
    const { code, retry_after } = JSON.parse(refused.body)
    expect([refused.status, code]).toEqual([429, 'rate_limited'])
    expect(refused.headers).toMatchObject({
      'retry-after': String(retry_after),
      ratelimit: `"minute";r=0;t=${retry_after}`,
      'ratelimit-policy': '"minute";q=3;w=60',
    })
    clock.advance((retry_after - 1) * 1000)
    expect((await send(url, headers)).status).toBe(429)
    clock.advance(1000)
    expect((await send(url, headers)).status).toBe(200)
  })

  test('of a guard come on top of the tier and count on their own', async () => {
    await open({ tiers: { free: { limits: [{ name: 'minute', quota: 100, window: '1m' }] } } })
    const slow = () => guard(gate, { limits: [{ name: 'slow', quota: 2, window: '1m' }] })
    const ok: express.RequestHandler = (_req, res) => void res.send('ok')
    app.get('/a', slow(), ok).get('/b', slow(), ok)
    const url = await listen()
    const headers = bearer(await issue())
    const codes = []
    for (const path of ['/a', '/a', '/a', '/b']) {
      codes.push((await send(`${url}${path}`, headers)).status)
    }
    expect(codes).toEqual([200, 200, 429, 200])
    expect((await send(`${url}/b`, headers)).headers['ratelimit-policy']).toBe(
      '"minute";q=100;w=60, "slow";q=2;w=60',
    )
  })

  test('of an inner guard are taken beside what the outer one took, and both are shown', async () => {
    await open()
    app.use(guard(gate, { scope: 'read' }))
    const images = [{ name: 'images', quota: 1, window: '1m' }]
    app.get('/images', guard(gate, { scope: 'read', limits: images }), (_req, res) => {
      res.end('ok')
    })
    const url = `${await listen()}/images`
    const key = await issue()
    const first = await send(url, ['Authorization', `Bearer ${key}`])
    expect(first.headers['ratelimit']).toBe('"minute";r=2;t=60, "images";r=0;t=60')
    const second = await send(url, ['Authorization', `Bearer ${key}`])
    expect(second.status).toBe(429)
    expect(second.headers['ratelimit']).toBe('"minute";r=1;t=60, "images";r=0;t=60')
  })

  test('are charged what a request costs', async () => {
    await open()
    guarded({ cost: (req) => Number(req.headers['x-units']) })
    const url = `${await listen()}/v1/clean`
    const headers = bearer(await issue())
    expect((await send(url, [...headers, 'x-units', '2'])).headers['ratelimit']).toContain('r=1;')
    for (const units of ['-1', '0', 'NaN', '1.5', '1e400', '9007199254740993']) {
      const { status, body } = await send(url, [...headers, 'x-units', units])
      expect([units, status, JSON.parse(body).code]).toEqual([units, 422, 'invalid_field'])
    }
    expect((await send(url, [...headers, 'x-units', '1'])).status).toBe(200)
  })

  test('of an address count malformed credentials, and then come first', async () => {
    await open({ ip: { limits: [{ name: 'ip', quota: 5, window: '1m' }] } })
    guarded()
    const url = `${await listen()}/v1/clean`
    const codes = []
    for (let n = 0; n < 7; n++) codes.push((await send(url, ['Authorization', 'Bearer'])).status)
    expect(codes).toEqual([400, 400, 400, 400, 400, 429, 429])
  })

  test('of bad credentials do not lock out a key that was verified before', async () => {
    await open({ ip: { failures: { quota: 4, window: '1m' } } })
    guarded()
    const url = `${await listen()}/v1/clean`
    const key = await issue()
    await send(url, bearer(key))
    const codes = []
    for (let n = 0; n < 5; n++) {
      codes.push(
        JSON.parse((await send(url, bearer(createKeyFormat('sk').generate('live').key))).body).code,
      )
    }
    expect(codes).toEqual([...Array(4).fill('invalid_key'), 'too_many_failures'])
    expect((await send(url, bearer(key))).status).toBe(200)
  })
})

test('a place in flight comes back when the client hangs up', async () => {
  await open({ tiers: { free: { limits: [], maxConcurrent: 1 } } })
  const started = vi.fn()
  app.get('/slow', guard(gate), started)
  app.get('/quick', guard(gate), (_req, res) => void res.send('ok'))
  const url = await listen()
  const key = await issue()
  const { host } = new URL(url)
  const headers = ['Host', host, ...bearer(key)]
  const client = httpRequest(`${url}/slow`, { headers }).on('error', () => {})
  client.end()
  await vi.waitFor(() => expect(started).toHaveBeenCalled())
  const meanwhile = await send(`${url}/quick`, bearer(key))
  expect([meanwhile.status, JSON.parse(meanwhile.body).code]).toEqual([429, 'concurrency_limited'])
  client.destroy()
  await vi.waitFor(async () => {
    expect((await send(`${url}/quick`, bearer(key))).status).toBe(200)
  })
})

test('a key in the URL is refused and reaches neither log nor audit', async () => {
  await open()
  guarded()
  const url = `${await listen()}/v1/clean`
  const key = await issue()
  const hidden = key.replaceAll('_', '%5f')
  for (const query of [`key=${key}`, `x=${hidden}`]) {
    const { status, body } = await send(`${url}?${query}`, ['X-Forwarded-For', key])
    expect([status, JSON.parse(body).code]).toEqual([400, 'key_in_url'])
  }
  await gate.audit.flush()
  const kept = JSON.stringify(await gate.audit.tail({ pageSize: 1000 })) + logged.join('\n')
  expect(kept).toContain('untrusted_proxy')
  expect(kept).not.toContain(key.slice(-49))
})

describe('the openai SDK', () => {
  const sdk = async (apiKey: string) => {
    app.use('/v1', guard(gate))
    const client = new OpenAI({ apiKey, baseURL: `${await listen()}/v1`, maxRetries: 0 })
    return client.models.list().then(
      () => 'ok',
      (error: unknown) => error,
    )
  }

  test('shows the message of a refusal with errors: openai', async () => {
    await open({ errors: 'openai' })
    expect(await sdk('abc')).toMatchObject({
      ...{ name: 'Error', status: 401, code: 'invalid_key', type: 'authentication_error' },
      message: '401 This API key is not valid. Check it, or ask for a new one.',
      error: { request_id: expect.stringMatching(/^req_/) },
    })
  })

  test('shows the wait of a limit with errors: openai', async () => {
    const limits = [{ name: 'minute', quota: 1, window: '1m' }]
    await open({ errors: 'openai', tiers: { free: { limits } } })
    app.get('/v1/models', guard(gate), (_req, res) => void res.json({ data: [] }))
    const key = await issue()
    await send(`${await listen()}/v1/models`, bearer(key))
    expect(await sdk(key)).toMatchObject({
      ...{ status: 429, code: 'rate_limited', type: 'rate_limit_error' },
      error: { retry_after: 60 },
    })
  })
})

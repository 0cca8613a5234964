/** What the upstream sees of a request, and the client of an answer. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RawClient, until } from './raw-client.ts'
import { type Rig, type SeenRequest, startRig } from './rig.ts'

const OURS = ['key-id', 'owner', 'tier', 'scopes', 'request-id'].map((part) => `x-lockgate-${part}`)

/** Sends one request with these header lines beside Host and key, and returns what arrived. */
async function seen(rig: Rig, lines: string, target = '/v1/x?a=1&b=%20'): Promise<SeenRequest> {
  const client = new RawClient(rig.port)
  client.send(
    `GET ${target} HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer ${rig.key}\r\n${lines}\r\n`,
  )
  const { status } = await client.answer()
  client.end()
  expect(status).toBe(200)
  const request = rig.upstream.requests.at(-1)
  if (request === undefined) throw new Error('nothing arrived')
  return request
}

const namesOf = ({ rawHeaders }: SeenRequest): string[] =>
  rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())

const valuesOf = ({ rawHeaders }: SeenRequest, wanted: string): string[] =>
  rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === wanted)

describe('the upstream request', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig({
      gateway: { upstreamHeaders: { authorization: 'Bearer upstream-secret', 'x-team': 'ours' } },
    })
  })
  afterAll(() => rig.stop())

  test('keeps target, header order, case and duplicates', async () => {
    const request = await seen(rig, 'X-B: 1\r\nx-a: 2\r\nX-B: 3\r\nAccept-Encoding: br, gzip\r\n')
    expect(request.url).toBe('/v1/x?a=1&b=%20')
    expect(request.rawHeaders.join('|')).toContain('X-B|1|x-a|2|X-B|3|Accept-Encoding|br, gzip')
  })

  test('carries the identity, the address and the Host of the upstream', async () => {
    const { headers } = await seen(rig, '')
    expect(headers).toMatchObject({
      host: `127.0.0.1:${rig.upstream.port}`,
      'x-lockgate-owner': 'ada@example.com',
      'x-lockgate-tier': 'open',
      'x-lockgate-scopes': 'read,write',
      'x-lockgate-key-id': rig.key.slice('sk_live_'.length, 'sk_live_'.length + 8),
      'x-lockgate-request-id': expect.stringMatching(/^req_/),
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'api.example',
    })
  })

  test("never holds the client's key, whichever header it came in", async () => {
    const bare = `GET / HTTP/1.1\r\nHost: a\r\n`
    const client = new RawClient(rig.port)
    for (const lines of [
      `Authorization: Bearer ${rig.key}\r\n`,
      `AUTHORIZATION: bearer ${rig.key}\r\n`,
      `x-api-key: ${rig.key}\r\n`,
      `X-API-Key: ${rig.key}\r\nAuthorization: Bearer ${rig.key}\r\n`,
      `X-API-Key: ${rig.key}\r\nX_API_Key: ${rig.key}\r\nProxy-Authorization: Bearer ${rig.key}\r\n`,
    ]) {
      client.send(`${bare}${lines}\r\n`)
      expect((await client.answer()).status).toBe(200)
    }
    client.end()
    const secret = rig.key.split('_').at(-1) ?? ''
    expect(rig.upstream.requests.length).toBeGreaterThanOrEqual(5)
    for (const request of rig.upstream.requests) {
      expect(JSON.stringify(request)).not.toContain(secret)
      expect(valuesOf(request, 'authorization')).toEqual(['Bearer upstream-secret'])
      expect(valuesOf(request, 'x-api-key')).toEqual([])
    }
    expect(rig.logged.join()).not.toContain(secret)
  })

  test('configured headers replace what the client sends under their name', async () => {
    const request = await seen(rig, 'X-Team: evil\r\nx-team: evil\r\n')
    expect(valuesOf(request, 'x-team')).toEqual(['ours'])
  })

  test('copies of ours are removed, in any case and with underscores', async () => {
    const request = await seen(
      rig,
      [
        'X-Lockgate-Anything',
        'Any_Name',
        ...OURS.flatMap((name) => [
          name,
          name.toUpperCase(),
          name.replaceAll('-', '_'),
          `X-Lockgate_${name.slice(11)}`,
        ]),
      ]
        .map((name) => `${name}: evil\r\n`)
        .join(''),
    )
    expect(JSON.stringify(request)).not.toContain('evil')
    for (const name of OURS) expect(valuesOf(request, name)).toHaveLength(1)
    expect(namesOf(request).filter((name) => name.includes('_'))).toEqual([])
  })

  test('500 names in Connection strip none of ours, and each is itself dropped', async () => {
    const names = [
      ...OURS,
      ...OURS.map((name) => name.toUpperCase()),
      'authorization',
      'host',
      'x-forwarded-for',
      'x-team',
      'content-length',
      'connection',
      '',
      ' ',
      '"x-lockgate-owner"',
      'x-lockgate-owner;q=1',
    ]
    while (names.length < 500) names.push(`x-mine-${names.length}`)
    for (const name of names) {
      const own = name.startsWith('x-mine') ? `${name}: evil\r\n` : ''
      const request = await seen(rig, `Connection: keep-alive, ${name}\r\n${own}`)
      for (const ours of OURS) expect(valuesOf(request, ours)).toHaveLength(1)
      expect(valuesOf(request, 'x-lockgate-owner')).toEqual(['ada@example.com'])
      expect(valuesOf(request, 'authorization')).toEqual(['Bearer upstream-secret'])
      expect(valuesOf(request, 'x-forwarded-for')).toEqual(['127.0.0.1'])
      expect(JSON.stringify(request)).not.toContain('evil')
    }
  })

  test('hop-by-hop headers stay behind', async () => {
    const request = await seen(
      rig,
      'Keep-Alive: 5\r\nTE: trailers\r\nTrailer: X-T\r\nProxy-Connection: x\r\nProxy-Foo: x\r\n' +
        'Forwarded: for=evil\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\n',
    )
    const names = namesOf(request)
    for (const name of [
      'keep-alive',
      'te',
      'trailer',
      'proxy-connection',
      'proxy-foo',
      'forwarded',
    ])
      expect(names).not.toContain(name)
    expect(JSON.stringify(request)).not.toMatch(/evil|6\.6\.6\.6/)
  })
})

test("a trusted proxy's word about its client is passed on, with its own address added", async () => {
  const rig = await startRig({ config: { ip: { trustedProxies: ['127.0.0.1'] } } })
  const request = await seen(
    rig,
    'X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.example\r\n',
  )
  expect(request.headers).toMatchObject({
    'x-forwarded-for': '203.0.113.7, 127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'shop.example',
  })
  await rig.stop()
})

describe('the answer', () => {
  test('keeps status, reason, order and duplicates; drops hop-by-hop; has our limits', async () => {
    const rig = await startRig({
      answer: (_request, response) => {
        response.writeHead(299, 'Odd But Fine', [
          ...['Set-Cookie', 'a=1', 'X-B', '2', 'Set-Cookie', 'b=2', 'Content-Length', '2'],
          ...['RateLimit', 'theirs', 'RateLimit-Policy', 'theirs', 'Proxy-Authenticate', 'x'],
          ...['Connection', 'keep-alive, X-Hop', 'X-Hop', 'gone'],
          ...['X-RateLimit-Remaining-Tokens', '9'],
        ])
        response.end('ok')
      },
    })
    const client = new RawClient(rig.port)
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: ${rig.key}\r\n\r\n`)
    await until(() => client.received.endsWith('ok'))
    const text = client.received
    client.end()
    expect(text).toMatch(
      /^HTTP\/1\.1 299 Odd But Fine\r\nSet-Cookie: a=1\r\nX-B: 2\r\nSet-Cookie: b=2\r\n/,
    )
    expect(text).not.toMatch(/theirs|Proxy-|X-Hop/)
    expect(text).toMatch(/\r\nRateLimit: "minute";r=\d+;t=\d+\r\n/)
    expect(text.match(/RateLimit-Policy:/g)).toHaveLength(1)
    expect(text).toMatch(/\r\nX-RateLimit-Remaining-Tokens: 9\r\n/)
    expect(text.endsWith('\r\n\r\nok')).toBe(true)
    await rig.stop()
  })

  test('refusals take the shape of OpenAI where that is configured', async () => {
    const rig = await startRig({ config: { errors: 'openai' } })
    for (const bytes of [`GET / HTTP/1.1\r\nHost: a\r\n\r\n`, 'NONSENSE\r\n\r\n']) {
      const client = new RawClient(rig.port).send(bytes)
      const { body } = await client.answer()
      expect(JSON.parse(body).error.code).toEqual(expect.any(String))
      client.end()
    }
    await rig.stop()
  })
})

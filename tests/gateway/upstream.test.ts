/** What an upstream can do, and what the client gets for it. */

import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { GatewaySettings } from '../../src/core/settings.ts'
import { type RawAnswer, RawClient, until } from './raw-client.ts'
import { type Rig, startRig, startUpstream } from './rig.ts'

const get = (rig: Rig, target = '/', method = 'GET'): string =>
  `${method} ${target} HTTP/1.1\r\nHost: a\r\nX-API-Key: ${rig.key}\r\n\r\n`

async function ask(rig: Rig, target?: string, method?: string): Promise<RawAnswer> {
  const client = new RawClient(rig.port).send(get(rig, target, method))
  const answer = await client.answer()
  client.end()
  return answer
}

/** A server that answers any connection with these bytes; ends it after them unless `stays`. */
async function wire(
  bytes: string,
  stays = false,
): Promise<{ server: Server; url: string; count(): number }> {
  let count = 0
  const server = createServer((socket: Socket) => {
    count++
    socket.on('error', () => {})
    socket.once('data', () => {
      if (stays) socket.write(bytes, 'latin1')
      else socket.end(bytes, 'latin1')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { server, url, count: () => count }
}

async function withGateway(
  gateway: Partial<GatewaySettings>,
  run: (rig: Rig) => Promise<void>,
): Promise<void> {
  const rig = await startRig({ gateway })
  try {
    await run(rig)
  } finally {
    await rig.stop()
  }
}

function expectRefusal({ status, body, headers }: RawAnswer, expected: number, code: string): void {
  expect({ status, code: JSON.parse(body).code }).toEqual({ status: expected, code })
  expect(headers['cache-control']).toBe('no-store')
}

describe('an upstream that cannot be used', () => {
  test('refused connection: 502 upstream_unreachable', () =>
    withGateway({ upstream: 'http://127.0.0.1:1' }, async (rig) => {
      expectRefusal(await ask(rig), 502, 'upstream_unreachable')
    }))

  test('a name without an address: 502 upstream_unreachable', () =>
    withGateway({ upstream: 'http://nowhere.invalid' }, async (rig) => {
      expectRefusal(await ask(rig), 502, 'upstream_unreachable')
    }))

  test('no TLS where https is configured: 502 upstream_unreachable', async () => {
    const plain = await startUpstream((_request, response) => response.end())
    await withGateway({ upstream: `https://127.0.0.1:${plain.port}` }, async (rig) => {
      expectRefusal(await ask(rig), 502, 'upstream_unreachable')
    })
    plain.server.close()
  })

  test('silence past the deadline: 504 upstream_timeout, and it is not asked again', async () => {
    const silent = await wire('', true)
    await withGateway({ upstream: silent.url, upstreamTimeoutMs: 200 }, async (rig) => {
      expectRefusal(await ask(rig), 504, 'upstream_timeout')
      expect(silent.count()).toBe(1)
    })
    silent.server.close()
  })

  test.each([
    ['nonsense', 'NONSENSE\r\n\r\n'],
    ['nothing at all', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nContent-'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'a length and chunked',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'an upgrade nobody asked for',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    ],
    ['32 KB of headers', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(32_768)}\r\n\r\n`],
  ])('%s: 502 upstream_bad_response, and it is not asked again', async (_name, bytes) => {
    const broken = await wire(bytes)
    await withGateway({ upstream: broken.url }, async (rig) => {
      expectRefusal(await ask(rig), 502, 'upstream_bad_response')
      expect(broken.count()).toBe(1)
    })
    broken.server.close()
  })
})

describe('an upstream that answers', () => {
  test.each([301, 302, 307, 308])('%d is passed through and not followed', async (status) => {
    const canary = await startUpstream((_request, response) => response.end())
    const location = `http://127.0.0.1:${canary.port}/elsewhere`
    const rig = await startRig({
      answer: (_request, response) => response.writeHead(status, { location }).end(),
      gateway: { upstreamHeaders: { authorization: 'Bearer upstream-secret' } },
    })
    const answer = await ask(rig, '/', 'POST')
    expect(answer.status).toBe(status)
    expect(answer.headers['location']).toBe(location)
    expect(canary.sockets.size + canary.requests.length).toBe(0)
    expect(rig.upstream.requests).toHaveLength(1)
    await rig.stop()
    canary.server.close()
  })

  test.each([400, 401, 403, 404, 429, 500, 503])(
    '%d is passed through as it is',
    async (status) => {
      const rig = await startRig({
        answer: (_request, response) =>
          response.writeHead(status, { 'retry-after': '7', 'content-length': '5' }).end('their'),
      })
      const answer = await ask(rig)
      expect(answer).toMatchObject({ status, body: 'their' })
      expect(answer.headers['retry-after']).toBe('7')
      await rig.stop()
    },
  )

  test.each(['authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'private-token'])(
    '401 to a credential of the gateway in %s: 502 upstream_auth_failed',
    async (name) => {
      const rig = await startRig({
        answer: (_request, response) =>
          response
            .writeHead(401, { 'www-authenticate': 'Bearer', 'content-length': '6' })
            .end('secret'),
        gateway: { upstreamHeaders: { [name]: 'k' } },
      })
      const answer = await ask(rig)
      expectRefusal(answer, 502, 'upstream_auth_failed')
      expect(answer.headers['www-authenticate']).toBeUndefined()
      await rig.stop()
    },
  )

  test('HEAD, 204 and 304 have no body, and the connection goes on', async () => {
    const rig = await startRig({
      answer: ({ url, method }, response) => {
        const status = Number(url?.slice(1))
        response.writeHead(status, status === 200 ? { 'content-length': '5' } : { etag: '"x"' })
        response.end(status === 200 && method !== 'HEAD' ? 'hello' : undefined)
      },
    })
    const client = new RawClient(rig.port)
    client.send(get(rig, '/200', 'HEAD'))
    await until(() => client.received.includes('\r\n\r\n'))
    expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-length: 5\r\n/)
    expect(client.received.endsWith('\r\n\r\n')).toBe(true)
    client.end()

    const second = new RawClient(rig.port)
    for (const status of [204, 304]) {
      second.send(get(rig, `/${status}`))
      expect(await second.answer()).toMatchObject({ status, body: '', headers: { etag: '"x"' } })
    }
    second.send(get(rig, '/200'))
    expect(await second.answer()).toMatchObject({ status: 200, body: 'hello' })
    second.end()
    await rig.stop()
  })

  test('103 Early Hints is dropped, the final answer is passed on', async () => {
    const early = await wire(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    )
    await withGateway({ upstream: early.url }, async (rig) => {
      expect(await ask(rig)).toMatchObject({ status: 200, body: 'ok' })
    })
    early.server.close()
  })

  test.each([
    ['chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'],
    ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello'],
  ])(
    'that dies in the middle of a body %s: the socket is destroyed, no fake end',
    async (_n, bytes) => {
      const dying = await wire(bytes)
      await withGateway({ upstream: dying.url }, async (rig) => {
        const client = new RawClient(rig.port).send(get(rig))
        expect(await client.closed()).toBe(true)
        expect(client.received).not.toMatch(/0\r\n\r\n$/)
        expect(client.received).not.toMatch(/"code"/)
      })
      dying.server.close()
    },
  )

  test('that falls silent in the middle of a body is given up after the idle time', async () => {
    const stuck = await wire(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
      true,
    )
    await withGateway({ upstream: stuck.url, upstreamIdleTimeoutMs: 200 }, async (rig) => {
      const client = new RawClient(rig.port).send(get(rig))
      expect(await until(() => client.received.includes('hello'))).toBe(true)
      expect(await client.closed()).toBe(true)
      expect(client.received).not.toMatch(/0\r\n\r\n$/)
    })
    stuck.server.close()
  })
})

test('an unknown route is 404 unknown_route, and 401 without a key', () =>
  withGateway({ upstream: undefined }, async (rig) => {
    expectRefusal(await ask(rig), 404, 'unknown_route')
    const client = new RawClient(rig.port).send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    expectRefusal(await client.answer(), 401, 'missing_key')
    client.end()
  }))

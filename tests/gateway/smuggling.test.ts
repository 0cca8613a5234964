/**
 * One request must never be two, or half of one. Every message here carries a second request where
 * a sloppier parser would see it; `/smuggled` must not reach the upstream, and what does reach it
 * must be what the client got an answer for.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { RawClient, until } from './raw-client.ts'
import { type Rig, startRig } from './rig.ts'

describe('smuggling', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig()
  })
  afterAll(() => rig.stop())
  beforeEach(() => {
    rig.upstream.requests.length = 0
    rig.upstream.bodyBytes = 0
    rig.upstream.aborted = 0
  })

  const request = (lines: string, target = '/first', method = 'POST', version = '1.1'): string =>
    `${method} ${target} HTTP/${version}\r\nHost: a\r\nX-API-Key: ${rig.key}\r\n${lines}\r\n`
  const smuggled = (): string => request('', '/smuggled', 'GET')
  const urls = (): string[] => rig.upstream.requests.map(({ url }) => url)

  const CLASSES: readonly (readonly [name: string, lines: string, body: string])[] = [
    ['CL.TE', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'],
    ['TE.CL', 'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', '0\r\n\r\n'],
    ['CL.CL', 'Content-Length: 0\r\nContent-Length: 44\r\n', ''],
    [
      'TE.TE, second obscured',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n',
      '0\r\n\r\n',
    ],
    [
      'TE.TE, first obscured',
      'Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n',
      '0\r\n\r\n',
    ],
    ['TE with a tab', 'Transfer-Encoding:\tgzip,\tchunked\r\n', '0\r\n\r\n'],
    ['TE with a vertical tab', 'Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n'],
    ['TE folded', 'Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n'],
    ['TE with a space before the colon', 'Transfer-Encoding : chunked\r\n', '0\r\n\r\n'],
    ['TE behind a bare LF', 'X-A: a\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'],
    ['TE behind a bare CR', 'X-A: a\rTransfer-Encoding: chunked\r\n', '0\r\n\r\n'],
    ['TE identity', 'Transfer-Encoding: identity\r\n', ''],
    ['CL with a sign', 'Content-Length: +0\r\n', ''],
    ['CL as a list', 'Content-Length: 0, 0\r\n', ''],
    ['CL in hexadecimal', 'Content-Length: 0x0\r\n', ''],
    [
      'an upgrade to h2c',
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n',
      '',
    ],
    ['two Hosts', 'Host: b\r\n', ''],
    ['an expectation', 'Expect: x\r\n', ''],
  ]

  test.each(CLASSES)(
    '%s: refused, closed, and nothing of it upstream',
    async (_name, lines, body) => {
      const client = new RawClient(rig.port).send(request(lines) + body + smuggled() + smuggled())
      const { status } = await client.answer()
      expect([400, 417, 501]).toContain(status)
      expect(await client.closed()).toBe(true)
      expect(client.received).toBe('')
      expect(urls()).toEqual([])
    },
  )

  test('HTTP/1.0 with chunked: refused, closed, and nothing of it upstream', async () => {
    const lines = 'Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n'
    const client = new RawClient(rig.port)
    client.send(`${request(lines, '/first', 'POST', '1.0')}0\r\n\r\n${smuggled()}`)
    expect((await client.answer()).status).toBe(400)
    expect(await client.closed()).toBe(true)
    expect(urls()).toEqual([])
  })

  test('a GET with a body: the body is a body, not a request', async () => {
    const inner = smuggled()
    const client = new RawClient(rig.port)
    client.send(request(`Content-Length: ${inner.length}\r\n`, '/first', 'GET') + inner)
    client.send(request('', '/second', 'GET'))
    expect((await client.answer()).status).toBe(200)
    expect((await client.answer()).status).toBe(200)
    client.end()
    expect(urls()).toEqual(['/first', '/second'])
    expect(rig.upstream.bodyBytes).toBe(inner.length)
  })

  test.each([
    ['a chunk size that is none', 'zz\r\n'],
    ['a negative chunk size', '-1\r\n'],
    ['a chunk size beyond 64 bits', 'fffffffffffffffff\r\n'],
    ['a bare LF after a size', '3\nabc\r\n0\r\n\r\n'],
    ['a bare LF in an extension', '3;a\nabc\r\n0\r\n\r\n'],
    ['a chunk longer than its size', '3\r\nabcd\r\n0\r\n\r\n'],
    ['20 KB of chunk extensions', `3;${'a'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`],
    ['a length in the trailer', '0\r\nContent-Length: 5\r\n\r\n'],
  ])('%s: 400, closed, the upstream request is never completed', async (_name, body) => {
    const client = new RawClient(rig.port).send(request('Transfer-Encoding: chunked\r\n') + body)
    client.send(smuggled())
    const answer = await client.answer()
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.body).code).toBe('bad_framing')
    expect(await client.closed()).toBe(true)
    expect(urls()).not.toContain('/smuggled')
    expect(await until(() => rig.upstream.aborted === urls().length, 1_000)).toBe(true)
  })

  test('garbage after a good request: its answer first, then 400, then the end', async () => {
    const client = new RawClient(rig.port).send(`${request('', '/good', 'GET')}GARBAGE\r\n\r\n`)
    expect((await client.answer()).status).toBe(200)
    expect((await client.answer()).status).toBe(400)
    expect(await client.closed()).toBe(true)
    expect(urls()).toEqual(['/good'])
  })

  test('bytes after "Connection: close" are nobody\'s request', async () => {
    const client = new RawClient(rig.port)
    client.send(request('Connection: close\r\n', '/good', 'GET') + smuggled())
    expect((await client.answer()).status).toBe(200)
    expect(await client.closed()).toBe(true)
    expect(client.received).toBe('')
    expect(urls()).toEqual(['/good'])
  })

  test('pipelined requests are answered in order', async () => {
    const client = new RawClient(rig.port)
    const targets = Array.from({ length: 20 }, (_, index) => `/${index}`)
    client.send(targets.map((target) => request('', target, 'GET')).join(''))
    for (const _ of targets) expect((await client.answer()).status).toBe(200)
    client.end()
    expect(urls()).toEqual(targets)
  })

  test('bytes of CONNECT are no tunnel and no request', async () => {
    const client = new RawClient(rig.port)
    client.send(`CONNECT evil.example:443 HTTP/1.1\r\nHost: a\r\n\r\n${smuggled()}`)
    expect((await client.answer()).status).toBe(501)
    client.send(smuggled())
    expect(await client.closed()).toBe(true)
    expect(client.received).toBe('')
    expect(urls()).toEqual([])
  })

  describe('a body that nobody reads', () => {
    const refused = (lines: string): string => `POST / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`

    test('small: is dropped, and the connection goes on', async () => {
      const inner = smuggled()
      const client = new RawClient(rig.port)
      client.send(refused(`Content-Length: ${inner.length}\r\n`) + inner)
      expect((await client.answer()).status).toBe(401)
      client.send(request('', '/next', 'GET'))
      expect((await client.answer()).status).toBe(200)
      client.end()
      expect(urls()).toEqual(['/next'])
    })

    test.each([
      ['large', 'Content-Length: 1000000\r\n'],
      ['chunked', 'Transfer-Encoding: chunked\r\n'],
      ['held back for 100 Continue', 'Content-Length: 10\r\nExpect: 100-continue\r\n'],
    ])('%s: the connection closes', async (_name, lines) => {
      const client = new RawClient(rig.port).send(refused(lines))
      const answer = await client.answer()
      expect(answer.status).toBe(401)
      expect(answer.headers['connection']).toBe('close')
      client.send(smuggled())
      expect(await client.closed()).toBe(true)
      expect(client.received).toBe('')
      expect(urls()).toEqual([])
    })
  })

  test('an answer that closes reaches a client that sends everything before it reads', async () => {
    const client = new RawClient(rig.port)
    client.socket.pause()
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n')
    await sleep(50)
    for (let part = 0; part < 10; part++) {
      client.send(Buffer.alloc(100_000))
      await sleep(5)
    }
    client.socket.resume()
    expect((await client.answer()).status).toBe(401)
    client.end()
  })

  describe('a body over the limit', () => {
    test('declared: 413 at once, nothing upstream', async () => {
      const client = new RawClient(rig.port)
      client.send(request('Content-Length: 2000000\r\n')).send(Buffer.alloc(2_000_000))
      const answer = await client.answer()
      expect(JSON.parse(answer.body).code).toBe('body_too_large')
      expect(await client.closed()).toBe(true)
      expect(urls()).toEqual([])
    })

    test('counted: 413 when it is passed, the upstream request is aborted', async () => {
      const chunk = Buffer.concat([
        Buffer.from('10000\r\n'),
        Buffer.alloc(65_536),
        Buffer.from('\r\n'),
      ])
      const client = new RawClient(rig.port).send(request('Transfer-Encoding: chunked\r\n'))
      for (let sent = 0; sent < 32; sent++) client.send(chunk)
      const answer = await client.answer()
      expect(JSON.parse(answer.body).code).toBe('body_too_large')
      expect(await client.closed()).toBe(true)
      expect(await until(() => rig.upstream.aborted === 1, 1_000)).toBe(true)
      expect(rig.upstream.bodyBytes).toBeLessThanOrEqual(1_048_576)
    })
  })
})

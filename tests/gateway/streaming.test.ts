/** Bodies flow both ways as they come, at the pace of the slower side, and stop when one side goes. */
import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { RawClient, until } from './raw-client.ts'
import { type Rig, type RigOptions, startRig } from './rig.ts'

const run = promisify(execFile)

async function withRig(options: RigOptions, use: (rig: Rig) => Promise<void>): Promise<void> {
  const rig = await startRig(options)
  try {
    await use(rig)
  } finally {
    await rig.stop()
  }
}

const head = (rig: Rig, lines = '', method = 'GET'): string =>
  `${method} / HTTP/1.1\r\nHost: a\r\nX-API-Key: ${rig.key}\r\n${lines}\r\n`

describe('streams', () => {
  test('server-sent events arrive one by one, unchanged', () => {
    let emit: (text: string) => void = () => {}
    let finish: () => void = () => {}
    return withRig(
      {
        answer: (_request, response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          response.flushHeaders()
          emit = (text) => void response.write(text)
          finish = () => void response.end()
        },
      },
      async (rig) => {
        const client = new RawClient(rig.port).send(head(rig))
        expect(await until(() => client.received.includes('text/event-stream'))).toBe(true)
        let expected = ''
        for (let event = 0; event < 20; event++) {
          const text = `id: ${event}\ndata: {"delta":"\xe2\x82\xac${event}"}\n\n`
          emit(Buffer.from(text, 'latin1').toString('utf8'))
          expected += text
          expect(await until(() => client.received.includes(`id: ${event}\n`), 1_000)).toBe(true)
        }
        finish()
        expect(await until(() => client.received.endsWith('0\r\n\r\n'))).toBe(true)
        const body = client.received.slice(client.received.indexOf('\r\n\r\n') + 4)
        expect(unchunk(body)).toBe(expected)
        client.end()
      },
    )
  })

  test('a body both ways at once is byte-equal, and each chunk goes on at once', () =>
    withRig(
      {
        answer: (request, response) => {
          response.writeHead(200)
          response.flushHeaders()
          request.pipe(response)
        },
      },
      async (rig) => {
        const hash = { sent: createHash('sha256'), received: createHash('sha256') }
        const { port, key } = rig
        const client = httpRequest({ port, method: 'POST', headers: { 'x-api-key': key } })
        let got = 0
        client.on('response', (response) => {
          response.on('data', (chunk: Buffer) => {
            got += chunk.length
            hash.received.update(chunk)
          })
        })
        client.flushHeaders()
        let sent = 0
        for (let round = 0; round < 20; round++) {
          const chunk = randomBytes(1 + round * 2_500)
          hash.sent.update(chunk)
          client.write(chunk)
          sent += chunk.length
          expect(await until(() => got === sent, 2_000)).toBe(true)
        }
        client.end()
        await new Promise((resolve) => client.once('close', resolve))
        expect(hash.received.digest('hex')).toBe(hash.sent.digest('hex'))
      },
    ))

  test('curl uploads and downloads, with 100 Continue, compressed as the upstream made it', () =>
    withRig(
      {
        answer: (request, response) => {
          response.writeHead(200, {
            'content-encoding': 'br',
            'x-length': request.headers['content-length'] ?? 'none',
          })
          request.pipe(response)
        },
      },
      async (rig) => {
        const body = 'x'.repeat(200_000)
        const args = [
          '-s',
          '-i',
          '-H',
          `Authorization: Bearer ${rig.key}`,
          '-H',
          'Expect: 100-continue',
        ]
        const curl = run('curl', [...args, '-d', '@-', rig.url], { maxBuffer: 1e7 })
        curl.child.stdin?.end(body)
        const { stdout } = await curl
        expect(stdout).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
        expect(stdout).toMatch(/\r\ncontent-encoding: br\r\n/)
        expect(stdout).toMatch(/\r\nx-length: 200000\r\n/)
        expect(stdout.endsWith(`\r\n\r\n${body}`)).toBe(true)
      },
    ))

  test('HTTP/1.0 gets an answer that ends with the connection', () =>
    withRig(
      {
        answer: (_request, response) => {
          response.write('a')
          response.end('b')
        },
      },
      async (rig) => {
        const client = new RawClient(rig.port)
        client.send(`GET / HTTP/1.0\r\nHost: a\r\nX-API-Key: ${rig.key}\r\n\r\n`)
        expect(await client.closed()).toBe(true)
        expect(client.received).toMatch(/\r\n\r\nab$/)
      },
    ))
})

describe('when one side goes', () => {
  test.each([
    ['before the answer', () => {}],
    [
      'in the middle of the answer',
      (response: { write(text: string): boolean }) => response.write('x'),
    ],
  ])('client gone %s: the upstream is aborted within a second', (_name, begin) =>
    withRig({ answer: (_request, response) => void begin(response) }, async (rig) => {
      const client = new RawClient(rig.port).send(head(rig))
      expect(await until(() => rig.upstream.requests.length === 1)).toBe(true)
      await sleep(50)
      client.end()
      expect(await until(() => rig.upstream.aborted === 1, 1_000)).toBe(true)
      expect(await until(() => rig.upstream.aborted === 1, 1_000)).toBe(true)
    }),
  )

  test('client gone in the middle of its body: the upstream is aborted, never completed', () => {
    let completed = 0
    return withRig(
      { answer: (request) => void request.on('end', () => completed++).resume() },
      async (rig) => {
        const client = new RawClient(rig.port).send(head(rig, 'Content-Length: 100\r\n', 'POST'))
        client.send('half')
        expect(await until(() => rig.upstream.bodyBytes === 4)).toBe(true)
        client.end()
        expect(await until(() => rig.upstream.aborted === 1, 1_000)).toBe(true)
        expect(completed).toBe(0)
      },
    )
  })

  test('an upstream that answers before it has read the body: the answer arrives', () =>
    withRig(
      {
        answer: (_request, response) => {
          response.writeHead(413, { 'content-length': '4' })
          response.end('full')
        },
      },
      async (rig) => {
        const client = new RawClient(rig.port)
        client.send(head(rig, 'Content-Length: 900000\r\n', 'POST')).send(Buffer.alloc(900_000))
        expect(await client.answer()).toMatchObject({ status: 413, body: 'full' })
        client.end()
      },
    ))

  test('100 clients that hang up leave no request in flight and no receipt unsettled', () =>
    withRig(
      {
        config: { tiers: { one: { limits: [], maxConcurrent: 1 } } },
        answer: (_request, response) => void response.write('x'),
      },
      async (rig) => {
        const { key } = await rig.gate.keys.issue({ owner: 'b@example.com', tier: 'one' })
        for (let round = 0; round < 100; round++) {
          const client = new RawClient(rig.port)
          client.send(`GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: ${key}\r\n\r\n`)
          expect(await until(() => client.received.includes('200 OK'), 2_000)).toBe(true)
          client.end()
          expect(await until(() => rig.upstream.aborted === round + 1, 1_000)).toBe(true)
        }
        expect(rig.upstream.aborted).toBe(100)
      },
    ))
})

describe('back-pressure', () => {
  test('a reader that stalls does not make the gateway buffer', () => {
    let written = 0
    const block = Buffer.alloc(65_536)
    return withRig(
      {
        answer: (_request, response) => {
          response.writeHead(200)
          const pump = (): void => {
            while (written < 200 * 1_048_576 && !response.destroyed) {
              written += block.length
              if (!response.write(block)) return void response.once('drain', pump)
            }
          }
          pump()
        },
      },
      async (rig) => {
        const client = new RawClient(rig.port).send(head(rig))
        expect(await until(() => client.received.length > 0)).toBe(true)
        client.socket.pause()
        let before = -1
        while (before !== written) {
          before = written
          await sleep(200)
        }
        expect(written).toBeLessThan(32 * 1_048_576)
        client.end()
        expect(await until(() => rig.upstream.aborted === 1, 1_000)).toBe(true)
      },
    )
  })

  test('a reader that stalls for too long is cut', () =>
    withRig(
      {
        gateway: { upstreamIdleTimeoutMs: 300 },
        answer: (_request, response) => void response.end(Buffer.alloc(50_000_000)),
      },
      async (rig) => {
        const client = new RawClient(rig.port).send(head(rig))
        client.socket.pause()
        expect(await until(() => rig.upstream.aborted === 1, 5_000)).toBe(true)
        client.end()
      },
    ))

  test('an upstream that does not read slows the client down', () =>
    withRig(
      { answer: (request) => void request.pause(), gateway: { maxBodyBytes: 1e9 } },
      async (rig) => {
        const client = new RawClient(rig.port)
        client.send(head(rig, 'Content-Length: 200000000\r\n', 'POST'))
        const block = Buffer.alloc(1_048_576)
        let offered = 0
        let before = -1
        while (
          before !== client.socket.bytesWritten - client.socket.writableLength &&
          offered < 200
        ) {
          before = client.socket.bytesWritten - client.socket.writableLength
          for (let i = 0; i < 10; i++, offered++) client.send(block)
          await sleep(100)
        }
        expect(offered).toBeLessThan(200)
        client.end()
      },
    ))
})

/** The data of a chunked body, as latin1. */
function unchunk(body: string): string {
  let rest = body
  let data = ''
  for (;;) {
    const lineEnd = rest.indexOf('\r\n')
    const size = Number.parseInt(rest.slice(0, lineEnd), 16)
    if (!(size > 0)) return data
    data += rest.slice(lineEnd + 2, lineEnd + 2 + size)
    rest = rest.slice(lineEnd + 2 + size + 2)
  }
}

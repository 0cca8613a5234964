/** Slow clients are answered and cut; they cost nobody else anything. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RawClient, until } from './raw-client.ts'
import { type Rig, startRig } from './rig.ts'

const SLOW_CLIENTS = 100

describe('a client that is too slow', () => {
  let rig: Rig
  beforeAll(async () => {
    rig = await startRig({ gateway: { headersTimeoutMs: 300, requestTimeoutMs: 600 } })
  })
  afterAll(() => rig.stop())

  const good = (): string => `GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: ${rig.key}\r\n\r\n`

  test.each([
    ['with the request line', () => 'GET / HT'],
    ['with its headers', () => 'GET / HTTP/1.1\r\nHost: a\r\n'],
    [
      'with its body',
      () => `POST / HTTP/1.1\r\nHost: a\r\nX-API-Key: ${rig.key}\r\nContent-Length: 9\r\n\r\nhalf`,
    ],
  ])('%s: 408 request_timeout, and the connection closes', async (_name, start) => {
    const client = new RawClient(rig.port).send(start())
    const answer = await client.answer()
    expect(answer.status).toBe(408)
    expect(JSON.parse(answer.body).code).toBe('request_timeout')
    expect(answer.headers['connection']).toBe('close')
    expect(await client.closed()).toBe(true)
  })

  test('a body that stops half-way aborts the upstream', async () => {
    const before = rig.upstream.aborted
    const client = new RawClient(rig.port)
    client.send(
      `POST / HTTP/1.1\r\nHost: a\r\nX-API-Key: ${rig.key}\r\nContent-Length: 9\r\n\r\nhalf`,
    )
    expect((await client.answer()).status).toBe(408)
    expect(await until(() => rig.upstream.aborted === before + 1, 1_000)).toBe(true)
  })

  test(`${SLOW_CLIENTS} of them, and every good request is answered`, async () => {
    const slow = Array.from({ length: SLOW_CLIENTS }, () => new RawClient(rig.port))
    for (const client of slow) client.send('GET / HTTP/1.1\r\nHost: a\r\n')
    for (let round = 0; round < 30; round++) {
      for (const client of slow) client.send(`X-${round}: a\r\n`)
      const client = new RawClient(rig.port).send(good())
      expect((await client.answer(1_000)).status).toBe(200)
      client.end()
      await sleep(20)
    }
    for (const client of slow) expect(await client.closed()).toBe(true)
  })
})

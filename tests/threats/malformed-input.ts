/** Bytes that no client should send, thrown at a live gateway: what the test and its soak share. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { RawClient } from '../gateway/raw-client.ts'
import { startRig } from '../gateway/rig.ts'

const NAMES = [
  'Host',
  'Authorization',
  'X-API-Key',
  'Content-Length',
  'Transfer-Encoding',
  'Expect',
  'Connection',
  'X-Forwarded-For',
  'Forwarded',
  'Upgrade',
  'Cookie',
  'TE',
  'Trailer',
  '',
  ' ',
  '__proto__',
] as const

const bytes = (maxLength: number) => fc.string({ unit: 'binary', maxLength })

/** A request of which any part may be wrong; `key` opens the gate, so that some go all the way. */
function request(key: string): fc.Arbitrary<string> {
  const method = fc.oneof(fc.constantFrom('GET', 'POST', 'TRACE', 'CONNECT', 'get', ''), bytes(8))
  const target = fc.oneof(
    fc.constantFrom('/', '//', '*', '/%', '/?key=', '/\0'),
    bytes(40).map((text) => `/${text}`),
  )
  const version = fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', 'HTTP', '')
  const value = fc.oneof(
    fc.constantFrom('a', key, `Bearer ${key}`, 'Bearer', '0', '-1', '1e9', '99999999999999999999'),
    fc.constantFrom(
      'chunked',
      'gzip, chunked',
      'close',
      '100-continue',
      '::1',
      '[::ffff:1',
      'for="',
    ),
    bytes(60),
  )
  const header = fc
    .tuple(fc.oneof(fc.constantFrom(...NAMES), bytes(12)), value)
    .map(([name, text]) => `${name}: ${text}`)
  const body = fc.oneof(fc.constantFrom('', '0\r\n\r\n', 'ffffffffff\r\n', '-1\r\n\r\n'), bytes(60))
  const end = fc.constantFrom('\r\n', '\n', '\r')
  return fc
    .tuple(method, target, version, fc.array(header, { maxLength: 6 }), body, end)
    .map(([verb, path, http, headers, rest, newline]) =>
      [`${verb} ${path} ${http}`, 'Host: a', ...headers, '', rest].join(newline),
    )
}

/** Sends `count` of them over many connections; fails when one of them harms the next good client. */
export async function sendMalformed(count: number): Promise<void> {
  const failures: unknown[] = []
  const note = (error: unknown): void => void failures.push(error)
  process.on('uncaughtException', note).on('unhandledRejection', note)
  const rig = await startRig()
  const batch = 200
  for (let sent = 0; sent < count; sent += batch) {
    const requests = fc.sample(fc.oneof(request(rig.key), bytes(200)), batch)
    const clients = requests.map((text) =>
      new RawClient(rig.port).send(Buffer.from(text, 'latin1')),
    )
    for (const client of clients) client.socket.end()
    await Promise.all(clients.map((client) => client.closed(5_000)))
    for (const client of clients) client.end()
    expect(await goodStatus(rig.port, rig.key)).toBe(200)
  }
  const internal = rig.logged.filter((line) => line.includes('could not be checked'))
  await rig.stop()
  process.off('uncaughtException', note).off('unhandledRejection', note)
  expect({ failures, internal }).toEqual({ failures: [], internal: [] })
}

async function goodStatus(port: number, key: string): Promise<number> {
  const client = new RawClient(port)
  client.send(`GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: ${key}\r\n\r\n`)
  const { status } = await client.answer()
  client.end()
  return status
}

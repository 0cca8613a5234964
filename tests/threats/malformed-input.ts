/** Bytes that no client should send, thrown at a live gateway: what the test and its soak share. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { RawClient } from '../gateway/raw-client.ts'
import { startRig } from '../gateway/rig.ts'

const PIECES = [
  '%',
  '%2',
  '%zz',
  '%2e',
  ',',
  ';',
  '=',
  '"',
  '\\',
  '[',
  '::',
  'é',
  '\t',
  ' ',
  '1',
  'a',
]
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

/** Mostly what a parser lets through to us, some of what it does not. */
const bytes = (maxLength: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.string({ maxLength }) },
    { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(...PIECES), maxLength }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength }) },
  )

/** Mostly `right`, so that a request is wrong in one place or two and the rest of it is read. */
const mostly = (right: string, wrong: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: wrong })

/** A request of which any part may be wrong; `key` opens the gate, so that some go all the way. */
function request(key: string): fc.Arbitrary<string> {
  const methods = fc.oneof(fc.constantFrom('POST', 'TRACE', 'CONNECT', 'get', ''), bytes(8))
  const targets = fc.oneof(
    fc.constantFrom('//', '*', '/%', '/?key=', '/\0'),
    bytes(40).map((text) => `/${text}`),
  )
  const value = fc.oneof(
    fc.constantFrom('a', key, `Bearer ${key}`, 'Bearer', '0', '-1', '99999999999999999999'),
    fc.constantFrom('chunked', 'gzip, chunked', 'close', '100-continue', '::1', '[::ffff:1'),
    bytes(60),
  )
  const name = fc.oneof(fc.constantFrom(...NAMES), fc.stringMatching(/^[a-z-]{1,9}$/), bytes(12))
  const header = fc.tuple(name, value).map(([left, right]) => `${left}: ${right}`)
  const credential = mostly(`Authorization: Bearer ${key}`, header)
  const bodies = fc.oneof(fc.constantFrom('0\r\n\r\n', 'ffffffffff\r\n', '-1\r\n\r\n'), bytes(60))
  return fc
    .record({
      method: mostly('GET', methods),
      target: mostly('/', targets),
      version: mostly('HTTP/1.1', fc.constantFrom('HTTP/1.0', 'HTTP/9.9', 'HTTP', '')),
      credential,
      headers: fc.array(header, { maxLength: 3 }),
      body: mostly('', bodies),
      newline: mostly('\r\n', fc.constantFrom('\n', '\r')),
    })
    .map(({ method, target, version, headers, body, newline, ...rest }) =>
      [`${method} ${target} ${version}`, 'Host: a', rest.credential, ...headers, '', body].join(
        newline,
      ),
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
    // Not every one gets an answer; some are cut, and some wait for more.
    await Promise.all(clients.map((client) => client.answer(300).catch(() => undefined)))
    for (const client of clients) client.end()
    expect(await goodStatus(rig.port, rig.key)).toBe(200)
  }
  const passed = rig.upstream.requests.length - count / batch
  const internal = rig.logged.filter((line) => line.includes('could not be checked'))
  await rig.stop()
  process.off('uncaughtException', note).off('unhandledRejection', note)
  // Neither refused at the door, all of them, nor let through.
  expect(passed / count).toBeGreaterThan(0.05)
  expect(passed / count).toBeLessThan(0.95)
  expect({ failures, internal }).toEqual({ failures: [], internal: [] })
}

async function goodStatus(port: number, key: string): Promise<number> {
  const client = new RawClient(port)
  client.send(`GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: ${key}\r\n\r\n`)
  const { status } = await client.answer()
  client.end()
  return status
}

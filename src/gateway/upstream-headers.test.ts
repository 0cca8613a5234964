import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Identity } from '../core/decision.ts'
import { headerText } from '../http/identity-headers.ts'
import { UpstreamHeaders } from './upstream-headers.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

const identityOf = (owner: string): Identity => ({
  keyId: '7Hq2mZ9x',
  owner,
  ownerExternalId: null,
  keyName: null,
  tier: owner,
  scopes: [owner, owner],
  mode: 'live',
})

test('any text becomes a header value that a server accepts and can decode', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const value = headerText(text)
      expect(value).toMatch(/^[\x21-\x7e]*$/)
      expect(decodeURIComponent(value)).toBe(text.toWellFormed())
    }),
    { numRuns: RUNS },
  )
})

test('whatever the client sends, ours stand once, last, and as they are', () => {
  const headers = new UpstreamHeaders({ authorization: 'Bearer upstream' })
  const name = fc.oneof(
    fc.constantFrom('X-Lockgate-Owner', 'x_lockgate_owner', 'Authorization', 'X-Api-Key', 'Host'),
    fc.constantFrom('Connection', 'X-Forwarded-For', 'Proxy-X', 'Transfer-Encoding', 'X-A'),
  )
  const lines = fc.array(fc.tuple(name, fc.constant('evil')), { maxLength: 20 })
  const listed = fc.option(
    fc.constantFrom('x-lockgate-owner', 'close, authorization', 'x-a,host', ',,'),
    { nil: undefined },
  )
  fc.assert(
    fc.property(lines, listed, fc.string(), (sent, connection, owner) => {
      const built = headers.build({
        rawHeaders: sent.flat(),
        connection,
        peer: { address: '192.0.2.7', trusted: false },
        clientHost: 'a',
        upstreamHost: 'b',
        identity: identityOf(owner),
        requestId: 'req_1',
      })
      const names = built.filter((_, i) => i % 2 === 0).map((text) => text.toLowerCase())
      for (const one of ['host', 'authorization', 'x-forwarded-for', 'x-lockgate-owner']) {
        expect(names.filter((other) => other === one)).toHaveLength(1)
      }
      expect(built.slice(-2)).toEqual(['authorization', 'Bearer upstream'])
      built.forEach((value, i) => {
        if (value === 'evil' && i % 2 === 1) expect(names[(i - 1) / 2]).toBe('x-a')
      })
    }),
    { numRuns: RUNS },
  )
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hostileTarget } from '../../../tests/gateway/hostile-target.ts'
import { MAX_TARGET_BYTES, readTarget, routingPath, type Target } from './target.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
const HOST = 'api.example:8787'

const read = (raw: string): Target => readTarget(raw, HOST)

describe('readTarget', () => {
  test.each([
    '/',
    '/v1/chat?stream=1',
    '/a.b/..c/...',
    '/files/a%2Fb',
    '/?next=//evil.example/..%2f',
    '/%e2%82%ac',
    `/${'a'.repeat(MAX_TARGET_BYTES - 1)}`,
  ])('hands on %s unchanged', (raw) => {
    expect(read(raw)).toMatchObject({ ok: true, pathAndQuery: raw })
  })

  test.each([
    [`http://${HOST}/x?y`, '/x?y'],
    [`HTTP://API.example:8787/x`, '/x'],
    [`https://${HOST}`, '/'],
    [`http://${HOST}?y`, '/?y'],
  ])('reads the absolute form of its own host: %s', (raw, path) => {
    expect(read(raw)).toMatchObject({ ok: true, pathAndQuery: path })
  })

  test.each([
    'http://api.example:8787.evil.example/',
    'http://api.example:8787@evil.example/',
    'http://api.example/',
    'http:/api.example:8787/',
    `http://${HOST}//evil.example/`,
    `http://${HOST}/../x`,
    '',
    '?',
  ])('refuses %s', (raw) => {
    expect(read(raw).ok).toBe(false)
  })

  test('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (raw, host) => {
        const { ok } = readTarget(raw, host)
        expect(typeof ok).toBe('boolean')
      }),
      { numRuns: RUNS },
    )
  })

  test('what it accepts stays on the origin and under the base path for every URL parser step', () => {
    fc.assert(
      fc.property(hostileTarget(HOST), (raw) => {
        const target = read(raw)
        if (!target.ok) return
        const resolved = new URL(`http://upstream.example/base${target.pathAndQuery}`)
        expect(resolved.host).toBe('upstream.example')
        expect(resolved.pathname.startsWith('/base/')).toBe(true)
        const decoded = new URL(`http://upstream.example/base${safeDecode(target.pathAndQuery)}`)
        expect(decoded.pathname.startsWith('/base')).toBe(true)
      }),
      { numRuns: RUNS },
    )
  })
})

describe('routingPath', () => {
  test.each([
    ['/%61dmin/x?q', '/admin/x'],
    ['/admin%2Fx', '/admin/x'],
    ['/a%c3%a9', '/a%c3%a9'],
    ['/plain', '/plain'],
  ])('%s is matched as %s', (raw, path) => {
    const target = read(raw)
    expect(target.ok && routingPath(target)).toBe(path)
  })
})

/** One decoding of the path, as an upstream might do before it resolves dot segments. */
function safeDecode(pathAndQuery: string): string {
  const path = pathAndQuery.split('?')[0] ?? ''
  return path.replace(/%(2e|2f|5c)/gi, (text) => decodeURIComponent(text)).replaceAll('\\', '/')
}

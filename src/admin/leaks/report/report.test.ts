import { crc32 } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type LeakRig, startLeakRig } from '../../../../tests/admin/leak-rig.ts'
import { encodeUint32 } from '../../../core/key/base62.ts'
import { createKeyFormat } from '../../../core/key/format.ts'
import type { KeyRecord } from '../../../core/key/key-record.ts'

let rig: LeakRig
beforeEach(async () => {
  rig = await startLeakRig()
})
afterEach(() => rig.stop())

const issue = (owner = 'ada@example.com') => rig.gate.keys.issue({ owner })
const leaks = () => rig.gate.audit.tail({ event: 'key.leaked' })

describe('200', () => {
  test('the key gets 401 on its next request, its owner a mail, and the audit log where it was', async () => {
    const { key, record } = await issue()
    expect(await rig.codeOf(key)).toBe('allowed')
    const where = 'https://paste.example/abc'
    const { status, body, headers } = await rig.report({ key, where })
    expect([status, body]).toEqual([200, { status: 'revoked', key_id: record.keyId }])
    expect(headers.get('cache-control')).toBe('no-store')
    expect(await rig.codeOf(key)).toBe('invalid_key')
    const [mail] = await rig.smtp.mailsTo('ada@example.com')
    expect(mail?.text).toContain('/replace/')
    const [leaked] = await leaks()
    expect(leaked?.row ?? leaked).toMatchObject({ details: { source: 'holder', where } })
  })

  test('again and again is the same answer, and one mail', async () => {
    const { key, record } = await issue()
    const answers = await Promise.all(Array.from({ length: 5 }, () => rig.report({ key })))
    for (const { status, body } of answers) {
      expect([status, body]).toEqual([200, { status: 'revoked', key_id: record.keyId }])
    }
    await rig.gate.post.deliver()
    expect(rig.smtp.mails).toHaveLength(1)
  })

  test('a key that has ended can be reported as well', async () => {
    const disabled = await issue()
    await rig.gate.keys.disable(disabled.record.keyId)
    const revoked = await issue()
    await rig.gate.keys.revoke(revoked.record.keyId)
    for (const { key } of [disabled, revoked]) expect((await rig.report({ key })).status).toBe(200)
  })

  test('a key in the place is kept nowhere', async () => {
    const { key } = await issue()
    expect((await rig.report({ key, where: `it says ${key} there` })).status).toBe(200)
    const [mail] = await rig.smtp.mailsTo('ada@example.com')
    const seen = JSON.stringify([await leaks(), rig.logged, mail?.raw])
    expect(seen).toContain('it says sk_live_')
    expect(seen).not.toContain(key.slice(17))
  })
})

describe('401', () => {
  test('whatever is wrong with a key, the answer is the same but for its request_id', async () => {
    const { key, record } = await issue()
    const format = createKeyFormat('sk')
    const wrong = [
      ...['x', key.slice(1), `${key} `, 'sk_live_', format.generate('live').key],
      ...[withSecret(record, format.generate('live').key), 'é'.repeat(66), '\0'],
    ]
    const answers = await Promise.all(wrong.map((bad) => rig.report({ key: bad })))
    const bodies = answers.map(({ status, body, headers }) => {
      const { request_id, ...rest } = body
      expect(request_id).toEqual(expect.any(String))
      return { status, ...rest, challenge: headers.get('www-authenticate') }
    })
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1)
    expect(bodies[0]).toMatchObject({ status: 401, code: 'invalid_key' })
    expect(await rig.codeOf(key)).toBe('allowed')
    expect(await leaks()).toEqual([])
  })
})

describe('400 and 422', () => {
  test.each([
    ['{', 400, 'invalid_json', ''],
    ['{"key":"a","key":"b"}', 400, 'invalid_json', ''],
    ['{"key":"a","where":"b","more":1}', 400, 'unknown_field', 'more'],
    ['{"key":"a","__proto__":{}}', 400, 'unknown_field', '__proto__'],
    ['[]', 422, 'invalid_field', 'body'],
    ['{}', 422, 'invalid_field', 'key'],
    ['{"key":7}', 422, 'invalid_field', 'key'],
    ['{"key":""}', 422, 'invalid_field', 'key'],
    [`{"key":"${'a'.repeat(1_025)}"}`, 422, 'invalid_field', 'key'],
    ['{"key":"a","where":7}', 422, 'invalid_field', 'where'],
    [`{"key":"a","where":"${'a'.repeat(501)}"}`, 422, 'invalid_field', 'where'],
    ['{"key":"a","where":"b\\nc"}', 422, 'invalid_field', 'where'],
    ['{"key":"a","where":"\\ud800"}', 422, 'invalid_field', 'where'],
  ])('%s', async (sent, status, code, named) => {
    const { status: got, body } = await rig.report(sent)
    expect([got, body['code']]).toEqual([status, code])
    expect(body['message']).toContain(named)
  })
})

test('413 and 415: too much, and another type', async () => {
  const large = await rig.report({ key: 'a', where: 'a'.repeat(70_000) })
  expect([large.status, large.body['code']]).toEqual([413, 'body_too_large'])
  const form = await rig.report('key=a', { 'content-type': 'application/x-www-form-urlencoded' })
  expect([form.status, form.body['code']]).toEqual([415, 'unsupported_media_type'])
})

test('429 after 20 bad reports from an address, while its own verified key goes on', async () => {
  const guarded = await startLeakRig({ ip: { failures: { quota: 20, window: '1m' } } })
  try {
    const { key } = await guarded.gate.keys.issue({ owner: 'ada@example.com' })
    const address = '127.0.0.1'
    const check = () => guarded.gate.check({ presentedKey: key, address, requestId: 'r' })
    expect((await check()).allowed).toBe(true)
    const statuses: number[] = []
    for (let round = 0; round < 25; round++) {
      const bad = createKeyFormat('sk').generate('live').key
      const { status, headers } = await guarded.report({ key: bad })
      statuses.push(status)
      if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect(statuses).toEqual([...Array(20).fill(401), ...Array(5).fill(429)])
    expect((await check()).allowed).toBe(true)
    expect((await guarded.report({ key })).status).toBe(200)
  } finally {
    await guarded.stop()
  }
})

/** A key of this key_id with another secret and a checksum that fits. */
function withSecret({ keyId }: KeyRecord, other: string): string {
  const body = `sk_live_${keyId}_${other.slice(17, 60)}`
  return body + encodeUint32(crc32(body))
}

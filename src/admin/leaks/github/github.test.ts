import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type LeakRig, startLeakRig } from '../../../../tests/admin/leak-rig.ts'
import {
  IDENTIFIER,
  type KeyServer,
  keyListOf,
  newSigners,
  reportOf,
  sendReport,
  signedReport,
  startKeyServer,
} from '../../../../tests/threats/github-reports.ts'
import { VECTOR } from '../../../../tests/threats/github-vector.ts'
import { sha256Hex } from '../../../core/crypto.ts'
import { createKeyFormat } from '../../../core/key/format.ts'
import { createSecretHasher } from '../../../engine/secrets/hasher.ts'

const QUICK = { memoryKiB: 1024, passes: 1, parallelism: 1 }
const signers = newSigners()
let keyServer: KeyServer
let rig: LeakRig
beforeEach(async () => {
  keyServer = await startKeyServer(keyListOf(signers))
  rig = await startLeakRig({ leaks: { github: { publicKeysUrl: keyServer.url } } })
})
afterEach(async () => {
  await rig.stop()
  await keyServer.close()
})

const FOUND_AT = 'https://github.com/octocat/Hello-World/blob/main/.env'
const send = (body: unknown) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return sendReport(rig.url, signedReport(signers.github.privateKey, Buffer.from(text)))
}
const match = (token: string, more: object = {}) => ({
  ...{ token, type: 'lockgate_api_key', url: FOUND_AT, source: 'content' },
  ...more,
})
const codeOf = ({ status, body }: { readonly status: number; readonly body: string }) => [
  status,
  JSON.parse(body).code,
]

describe('200', () => {
  test('a genuine report revokes the key, mails its owner, and says so without the key', async () => {
    const { key } = await rig.gate.keys.issue({ owner: 'ada@example.com' })
    const answer = await send([match(key)])
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      200,
      [{ token_hash: sha256Hex(key), token_type: 'lockgate_api_key', label: 'true_positive' }],
    ])
    expect(await rig.codeOf(key)).toBe('invalid_key')
    const [mail] = await rig.smtp.mailsTo('ada@example.com')
    expect(mail?.text).toContain(FOUND_AT)
    const [leaked] = await rig.gate.audit.tail({ event: 'key.leaked' })
    expect(JSON.stringify(leaked)).toContain('"source":"github"')
  })

  test('the committed vector, under either name of its headers', async () => {
    const { keyId, secret, pem, body, signature } = VECTOR
    const list = { public_keys: [{ key_identifier: IDENTIFIER, key: pem, is_current: true }] }
    keyServer.answer(200, JSON.stringify(list))
    const hasher = createSecretHasher({ hash: 'bcrypt', argon2id: QUICK, bcrypt: { cost: 4 } })
    const secretHash = await hasher.hash(secret)
    await rig.gate.keys.importHash({ keyId, secretHash, owner: 'ada@example.com' })
    const plain = reportOf(Buffer.from(body), signature)
    const entries = Object.entries(plain.headers).map(([name, value]) => [`X-${name}`, value])
    for (const headers of [plain.headers, Object.fromEntries(entries)]) {
      const answer = await sendReport(rig.url, { ...plain, headers })
      expect([answer.status, JSON.parse(answer.body)]).toMatchObject([
        200,
        [{ label: 'true_positive' }],
      ])
    }
    expect((await rig.gate.keys.find(keyId)).status).toBe('revoked')
    expect(await rig.smtp.mailsTo('ada@example.com')).toHaveLength(1)
  })

  test('the same report again changes nothing, and is answered as before', async () => {
    const { key, record } = await rig.gate.keys.issue({ owner: 'ada@example.com' })
    const [first, second] = [await send([match(key)]), await send([match(key)])]
    expect(second.body).toBe(first.body)
    await rig.gate.post.deliver()
    expect(rig.smtp.mails).toHaveLength(1)
    const rows = await rig.gate.audit.tail({ keyId: record.keyId, event: 'key.leaked' })
    expect(rows).toHaveLength(1)
  })

  test('keys and others together, each answered in its place; a key in two places is one', async () => {
    const { key } = await rig.gate.keys.issue({ owner: 'ada@example.com' })
    const invented = createKeyFormat('sk').generate('live').key
    const tokens = ['x', key, invented, key, '']
    const answer = await send(tokens.map((token) => match(token)))
    expect(JSON.parse(answer.body).map(({ label }: { label: string }) => label)).toEqual([
      ...['false_positive', 'true_positive', 'false_positive', 'true_positive', 'false_positive'],
    ])
    expect(await rig.smtp.mailsTo('ada@example.com')).toHaveLength(1)
  })

  test('a thousand matches, a URL that is empty or odd, and members that are new', async () => {
    const { key } = await rig.gate.keys.issue({ owner: 'ada@example.com' })
    const others = Array.from({ length: 999 }, () =>
      match(createKeyFormat('sk').generate('live').key),
    )
    const answer = await send([
      match(key, { url: '', source: 'gist_comment', news: {} }),
      ...others,
    ])
    expect(JSON.parse(answer.body)).toHaveLength(1_000)
    const [leaked] = await rig.gate.audit.tail({ event: 'key.leaked' })
    expect(JSON.stringify(leaked)).toContain('gist_comment')
    expect((await send([match('x', { url: null, source: 7 })])).status).toBe(200)
    expect(
      (await send([match('x', { url: `https://x.example/${'a'.repeat(9_000)}\n` })])).status,
    ).toBe(200)
    expect((await send([])).body).toBe('[]')
  })
})

describe('401 before anything is read', () => {
  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['JSON', '[]'],
    ['no UTF-8', '\xff'],
    ['a megabyte', 'a'.repeat(1_000_000)],
  ])('%s, with no signature', async (_what, body) => {
    const answer = await sendReport(rig.url, { headers: {}, body: Buffer.from(body, 'latin1') })
    expect(codeOf(answer)).toEqual([401, 'bad_signature'])
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(keyServer.fetches()).toBe(0)
  })
})

describe('400, 413 and 422: signed, and no report', () => {
  test.each([
    ['no JSON', '{', 400, 'invalid_json'],
    ['no array', '{}', 422, 'invalid_field'],
    ['no objects', '[7]', 422, 'invalid_field'],
    ['a token that is no text', '[{"token":7,"type":"a"}]', 422, 'invalid_field'],
    ['no type', '[{"token":"a"}]', 422, 'invalid_field'],
    ['1,001 matches', JSON.stringify(Array(1_001).fill(match('a'))), 422, 'invalid_field'],
    ['more than a megabyte', 'a'.repeat(1_048_577), 413, 'body_too_large'],
  ])('%s', async (_what, body, status, code) => {
    expect(codeOf(await send(body))).toEqual([status, code])
  })
})

test('404 where GitHub is not configured', async () => {
  const plain = await startLeakRig()
  const report = signedReport(signers.github.privateKey, Buffer.from('[]'))
  const answer = await sendReport(plain.url, report)
  await plain.stop()
  expect(codeOf(answer)).toEqual([404, 'unknown_route'])
})

test('503 while the public keys cannot be fetched: nothing is accepted, nothing refused', async () => {
  keyServer.answer(500, '')
  const { key } = await rig.gate.keys.issue({ owner: 'ada@example.com' })
  const answer = await send([match(key)])
  expect(codeOf(answer)).toEqual([503, 'auth_unavailable'])
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  expect(await rig.codeOf(key)).toBe('allowed')
})

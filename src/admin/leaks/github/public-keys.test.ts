import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  IDENTIFIER,
  type KeyServer,
  keyListOf,
  newSigners,
  startKeyServer,
} from '../../../../tests/threats/github-reports.ts'
import { createPublicKeys, type PublicKeys } from './public-keys.ts'

const MINUTE_MS = 60_000
const LIST = keyListOf(newSigners())

let server: KeyServer
let nowMs = 0
let logged: string[] = []
let keys: PublicKeys
beforeEach(async () => {
  server = await startKeyServer(LIST)
  nowMs = 1_000
  logged = []
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (_fields: object, message: string) => void logged.push(message),
  }
  keys = createPublicKeys({ url: server.url, log, monotonicMs: () => nowMs })
})
afterEach(() => server.close())

const unavailable = { code: 'auth_unavailable' }

test('a key is fetched once, and then known', async () => {
  for (let round = 0; round < 3; round++) {
    expect((await keys.find(IDENTIFIER))?.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
  }
  expect(server.fetches()).toBe(1)
})

test('a thousand unknown names, at once and in turn, cost one fetch a minute', async () => {
  for (let minute = 1; minute <= 3; minute++) {
    const names = Array.from({ length: 500 }, (_, index) => `unknown-${minute}-${index}`)
    const found = await Promise.all(names.map((name) => keys.find(name)))
    for (const name of names) found.push(await keys.find(name))
    expect(new Set(found)).toEqual(new Set([undefined]))
    expect(server.fetches()).toBe(minute)
    nowMs += MINUTE_MS
  }
})

test('a key that GitHub adds is found within a minute', async () => {
  server.answer(200, JSON.stringify({ public_keys: JSON.parse(LIST).public_keys.slice(0, 1) }))
  expect(await keys.find(IDENTIFIER)).toBeUndefined()
  server.answer(200, LIST)
  nowMs += MINUTE_MS
  expect(await keys.find(IDENTIFIER)).toBeDefined()
})

test('a key that GitHub withdraws is unknown an hour later', async () => {
  expect(await keys.find(IDENTIFIER)).toBeDefined()
  server.answer(200, JSON.stringify({ public_keys: JSON.parse(LIST).public_keys.slice(0, 1) }))
  nowMs += 60 * MINUTE_MS
  expect(await keys.find(IDENTIFIER)).toBeUndefined()
})

test.each([
  ['an error', 500, 'no'],
  ['no JSON', 200, '<html>'],
  ['another shape', 200, '{"public_keys":{}}'],
  ['no key', 200, '{"public_keys":[]}'],
  ['no key that can be used', 200, '{"public_keys":[{"key_identifier":"a","key":"b"}]}'],
])(
  '%s instead of a list: nothing can be said, for a minute without asking again',
  async (_name, status, body) => {
    server.answer(status, body)
    await expect(keys.find(IDENTIFIER)).rejects.toMatchObject(unavailable)
    await expect(keys.find(IDENTIFIER)).rejects.toMatchObject(unavailable)
    expect(server.fetches()).toBe(1)
    expect(logged).toEqual(["GitHub's public keys could not be fetched"])
    server.answer(200, LIST)
    nowMs += MINUTE_MS
    expect(await keys.find(IDENTIFIER)).toBeDefined()
  },
)

test('while GitHub is away, keys that are known go on, and others cannot be judged', async () => {
  expect(await keys.find(IDENTIFIER)).toBeDefined()
  server.answer(503, '')
  nowMs += 24 * 60 * MINUTE_MS
  expect(await keys.find(IDENTIFIER)).toBeDefined()
  await expect(keys.find('unknown')).rejects.toMatchObject(unavailable)
  expect(server.fetches()).toBe(2)
})

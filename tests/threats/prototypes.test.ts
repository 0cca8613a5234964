/** Names that mean something to objects (`__proto__`, `constructor`) mean nothing here. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { resolveSettings } from '../../src/config/resolve-settings.ts'
import { RawClient } from '../gateway/raw-client.ts'
import { type Rig, startRig } from '../gateway/rig.ts'

const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '__defineGetter__',
]
const WATCHED = [Object, Array, Function, String, Number, Map, Set, RegExp, Promise, Error]

/** Every own member of the prototypes that all code shares, with its value. */
const prototypes = (): string =>
  WATCHED.map(({ name, prototype }) => {
    const members = Reflect.ownKeys(prototype).map(String).sort()
    return `${name}: ${members.join(' ')}`
  }).join('\n')

const before = prototypes()
afterEach(() => {
  expect(prototypes()).toBe(before)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

const config = (json: string) => resolveSettings(JSON.parse(json), {}, {})

describe('the configuration', () => {
  test.each([
    '{ "__proto__": { "polluted": 1 } }',
    '{ "constructor": { "prototype": { "polluted": 1 } } }',
    '{ "keys": { "__proto__": { "polluted": 1 } } }',
    '{ "ip": { "__proto__": { "polluted": 1 } } }',
    '{ "tiers": { "free": { "limits": [], "__proto__": { "polluted": 1 } } } }',
    '{ "tiers": { "free": { "limits": [{ "__proto__": { "quota": 1 }, "name": "a", "window": "1m" }] } } }',
    '{ "tiers": { "__proto__": { "limits": [] } } }',
    '{ "upstreamHeaders": { "__proto__": "a" } }',
  ])('%s is refused', (json) => {
    expect(() => config(json)).toThrow()
  })

  test.each(['constructor', 'toString'])('a tier may be named %s and is a tier', (name) => {
    const { tiers } = config(`{ "tiers": { "${name}": { "limits": [] } } }`)
    expect(tiers.get(name)).toMatchObject({ name, limits: [] })
  })
})

describe('a request', () => {
  let rig: Rig
  beforeEach(async () => {
    rig = await startRig()
  })
  afterEach(() => rig.stop())

  test.each(NAMES)('with %s as header, path, parameter and body', async (name) => {
    const client = new RawClient(rig.port)
    const body = `{"${name}":{"polluted":1}}`
    client.send(
      `POST /${name}?${name}=1&${name}[polluted]=1 HTTP/1.1\r\nHost: a\r\n${name}: polluted\r\n` +
        `X-API-Key: ${rig.key}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    expect((await client.answer()).status).toBe(200)
    client.end()
  })

  test.each(NAMES)(
    'with %s as key, scope, tier or owner asks for nothing that is there',
    async (name) => {
      const { gate } = rig
      expect(
        await gate.check({ presentedKey: name, address: name, requestId: name }),
      ).toMatchObject({
        code: 'invalid_key',
      })
      const { key } = rig
      const decision = gate.check({
        presentedKey: key,
        address: name,
        requestId: name,
        scope: name,
      })
      expect(await decision).toMatchObject({ code: 'insufficient_scope' })
      await expect(gate.keys.issue({ owner: 'a@example.com', tier: name })).rejects.toMatchObject({
        code: 'invalid_field',
      })
      await expect(gate.keys.issue({ owner: name })).rejects.toMatchObject({
        code: 'invalid_field',
      })
    },
  )
})

import { hash as argon2Hash } from '@node-rs/argon2'
import { hash as bcryptHash } from '@node-rs/bcrypt'
import { describe, expect, test } from 'vitest'
import { ConfigError, LockgateError } from '../../core/errors.ts'
import { createKeyFormat } from '../../core/key/format.ts'
import { createSecretHasher, type HashSettings } from './hasher.ts'

const CHEAP: HashSettings = {
  hash: 'argon2id',
  argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 },
  bcrypt: { cost: 4 },
}
const argon2id = createSecretHasher(CHEAP)
const bcrypt = createSecretHasher({ ...CHEAP, hash: 'bcrypt' })

const newSecret = (): string => createKeyFormat('sk').generate('live').secret
const other = (secret: string, at: number): string =>
  secret.slice(0, at) + (secret[at] === 'x' ? 'y' : 'x') + secret.slice(at + 1)

describe.each([
  ['argon2id', argon2id, /^\$argon2id\$v=19\$m=64,t=1,p=1\$[^$]{22}\$[^$]{43}$/],
  ['bcrypt', bcrypt, /^\$2b\$04\$[./A-Za-z0-9]{53}$/],
] as const)('%s', (_, hasher, form) => {
  test('a hash is a PHC string with its parameters and a fresh salt', async () => {
    const secret = newSecret()
    const hashes = [await hasher.hash(secret), await hasher.hash(secret)]
    for (const phc of hashes) expect(phc).toMatch(form)
    expect(hashes[0]).not.toBe(hashes[1])
  })

  test('the secret does not appear in its hash', async () => {
    const secret = newSecret()
    const phc = await hasher.hash(secret)
    for (let at = 0; at + 6 <= secret.length; at++) {
      expect(phc).not.toContain(secret.slice(at, at + 6))
    }
  })

  test('verifies its secret, and no other in any of its 43 characters', async () => {
    const secret = newSecret()
    const phc = await hasher.hash(secret)
    expect(await hasher.verify(phc, secret)).toEqual({ valid: true, needsRehash: false })
    for (let at = 0; at < secret.length; at++) {
      const verdict = await hasher.verify(phc, other(secret, at))
      expect(verdict).toEqual({ valid: false, needsRehash: false })
    }
    expect(await hasher.verify(phc, '')).toEqual({ valid: false, needsRehash: false })
  })
})

describe('both kinds verify under either setting, and what is not current is rehashed', () => {
  const secret = newSecret()
  const stored: [string, Promise<string>, boolean, boolean][] = [
    ['current argon2id', argon2id.hash(secret), false, true],
    ['current bcrypt', bcrypt.hash(secret), true, false],
    ['argon2id with less memory', argon2Hash(secret, { memoryCost: 32, timeCost: 1 }), true, true],
    ['argon2id with more memory', argon2Hash(secret, { memoryCost: 128, timeCost: 1 }), true, true],
    ['argon2id with more passes', argon2Hash(secret, { memoryCost: 64, timeCost: 2 }), true, true],
    [
      'argon2id in two lanes',
      argon2Hash(secret, { memoryCost: 64, timeCost: 1, parallelism: 2 }),
      true,
      true,
    ],
    [
      'argon2id with a short salt',
      argon2Hash(secret, { memoryCost: 64, timeCost: 1, salt: Buffer.alloc(8, 7) }),
      true,
      true,
    ],
    [
      'argon2id with a short hash',
      argon2Hash(secret, { memoryCost: 64, timeCost: 1, outputLen: 16 }),
      true,
      true,
    ],
    ['bcrypt of another cost', bcryptHash(secret, { cost: 5 }), true, true],
    ['bcrypt 2a', bcryptHash(secret, { cost: 4, version: '2a' }), true, true],
  ]

  test.each(stored)('%s', async (_, phc, underArgon2id, underBcrypt) => {
    const text = await phc
    expect(await argon2id.verify(text, secret)).toEqual({ valid: true, needsRehash: underArgon2id })
    expect(await bcrypt.verify(text, secret)).toEqual({ valid: true, needsRehash: underBcrypt })
    const wrong = await argon2id.verify(text, other(secret, 0))
    expect(wrong).toEqual({ valid: false, needsRehash: false })
  })
})

describe('a stored hash that is malformed or absurd', () => {
  const phc = argon2Hash('x', { memoryCost: 64, timeCost: 1 })
  const absurd = ['m=4194304,t=1,p=1', 'm=64,t=4294967295,p=1', 'm=64,t=1', 'm=64,t=1,p=99']

  test.each(absurd)(
    '%s verifies nothing, at no cost, and is refused on import',
    async (parameters) => {
      const text = (await phc).replace('m=64,t=1,p=1', parameters)
      expect(await argon2id.verify(text, 'x')).toEqual({ valid: false, needsRehash: false })
      expect(() => argon2id.inspect(text)).toThrow(LockgateError)
      expect(() => argon2id.inspect(text)).toThrow('The hash is not usable')
    },
  )

  test.each(['', 'x', '$argon2id$', '$2b$04$', '$2b$31$'.padEnd(60, 'a')])(
    'so does %j',
    async (text) => {
      expect(await bcrypt.verify(text, 'x')).toEqual({ valid: false, needsRehash: false })
      expect(() => bcrypt.inspect(text)).toThrow(LockgateError)
    },
  )

  test('a refusal on import does not repeat the hash', () => {
    const secretish = '$argon2id$v=19$m=64,t=1,p=1$hunter2'
    expect(() => argon2id.inspect(secretish)).toThrow(/^(?!.*hunter2)/)
  })

  test('a usable one of either kind passes inspection', async () => {
    const usable = [await argon2id.hash('x'), await bcrypt.hash('x')]
    for (const text of usable) expect(() => argon2id.inspect(text)).not.toThrow()
  })
})

describe('settings out of bounds refuse to start, by path', () => {
  const { argon2id: cheap } = CHEAP
  test.each([
    [{ ...CHEAP, argon2id: { ...cheap, memoryKiB: 4_194_304 } }, 'keys.argon2id.memoryKiB'],
    [{ ...CHEAP, argon2id: { ...cheap, memoryKiB: 7 } }, 'keys.argon2id.memoryKiB'],
    [{ ...CHEAP, argon2id: { ...cheap, memoryKiB: 64.5 } }, 'keys.argon2id.memoryKiB'],
    [{ ...CHEAP, argon2id: { ...cheap, passes: 0 } }, 'keys.argon2id.passes'],
    [{ ...CHEAP, argon2id: { ...cheap, parallelism: Number.NaN } }, 'keys.argon2id.parallelism'],
    [{ ...CHEAP, bcrypt: { cost: 31 } }, 'keys.bcrypt.cost'],
    [{ ...CHEAP, bcrypt: { cost: 3 } }, 'keys.bcrypt.cost'],
  ])('%j', (settings, path) => {
    expect(() => createSecretHasher(settings)).toThrow(ConfigError)
    expect(() => createSecretHasher(settings)).toThrow(`${path} must be an integer from`)
  })
})

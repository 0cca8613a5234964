import { hash as argon2Hash } from '@node-rs/argon2'
import { hash as bcryptHash } from '@node-rs/bcrypt'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readStoredHash } from './stored-hash.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)

const argon2 = await argon2Hash('secret', { memoryCost: 64, timeCost: 1, parallelism: 1 })
const bcrypt = await bcryptHash('secret', { cost: 4 })

/** The same hash with another parameter section. */
const withParameters = (parameters: string): string => argon2.replace('m=64,t=1,p=1', parameters)

describe('reads', () => {
  test('argon2id with its parameters', () => {
    expect(readStoredHash(argon2)).toEqual({
      ...{ kind: 'argon2id', memoryKiB: 64, passes: 1, parallelism: 1 },
      modern: true,
    })
  })

  test.each(['2a', '2b', '2y'])('bcrypt %s with its cost; only 2b is modern', (version) => {
    expect(readStoredHash(bcrypt.replace('2b', version))).toEqual({
      ...{ kind: 'bcrypt', cost: 4 },
      modern: version === '2b',
    })
  })

  test('the dearest that is ever run', () => {
    expect(readStoredHash(withParameters('m=262144,t=16,p=16'))).toBeDefined()
    expect(readStoredHash(bcrypt.replace('$04', '$14'))).toBeDefined()
  })
})

describe('refuses', () => {
  test.each([
    'm=4294967295,t=1,p=1', // 4 TiB
    'm=4194304,t=1,p=1', // 4 GiB
    'm=262145,t=1,p=1',
    'm=64,t=17,p=1',
    'm=64,t=4294967295,p=1',
    'm=2048,t=1,p=17',
    'm=99999999999,t=1,p=1',
    'm=-64,t=1,p=1',
    'm=6e4,t=1,p=1',
    'm=064,t=1,p=1',
    'm=7,t=1,p=1',
    'm=64,t=0,p=1',
    'm=64,t=1,p=0',
    'm=NaN,t=1,p=1',
    '',
  ])('argon2id with %s', (parameters) => {
    expect(readStoredHash(withParameters(parameters))).toBeUndefined()
  })

  test.each([
    bcrypt.replace('$04', '$15'),
    bcrypt.replace('$04', '$31'),
    bcrypt.replace('$04', '$03'),
    bcrypt.replace('$04', '$+4'),
    bcrypt.replace('2b', '2x'),
    bcrypt.slice(0, -1),
    `${bcrypt}x`,
    `${bcrypt}\n`,
  ])('bcrypt as %s', (text) => expect(readStoredHash(text)).toBeUndefined())

  test('argon2i, argon2d, fast hashes, clear text and noise', () => {
    const others = [
      argon2.replace('argon2id', 'argon2i'),
      argon2.replace('argon2id', 'argon2d'),
      argon2.toUpperCase(),
      ` ${argon2}`,
      `${argon2}$`,
      '$5$rounds=5000$salt$hash',
      '5f4dcc3b5aa765d61d8327deb882cf99',
      'secret',
      '',
      '$argon2id$',
      `$argon2id$v=19$m=64,t=1,p=1$c2FsdA$${'A'.repeat(43)}`, // 4 bytes of salt
      `$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$${'A'.repeat(8)}`, // 6 bytes of hash
      `$argon2id$v=19$m=64,t=1,p=1$${'A'.repeat(100_000)}$${'A'.repeat(43)}`,
    ]
    for (const text of others) expect(readStoredHash(text)).toBeUndefined()
  })

  test('and never throws, whatever the text', () => {
    const part = fc.oneof(
      fc.constantFrom('$argon2id', '$v=19', '$m=64,t=1,p=1', '$2b$04$', '$', 'A'.repeat(43)),
      fc.string({ unit: 'binary', maxLength: 12 }),
    )
    const text = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, (any) => {
        readStoredHash(any)
      }),
      { numRuns: RUNS },
    )
  })
})

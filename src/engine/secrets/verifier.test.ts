import { spawnSync } from 'node:child_process'
import { afterEach, describe, expect, test, vi } from 'vitest'
import * as crypto from '../../core/crypto.ts'
import { createKeyFormat, type GeneratedKey } from '../../core/key/format.ts'
import { createSecretHasher, type SecretHasher } from './hasher.ts'
import { createHashingPool } from './hashing-pool.ts'
import { createSecretVerifier } from './verifier.ts'

vi.mock('../../core/crypto.ts', { spy: true })
afterEach(() => {
  vi.clearAllMocks()
})

const SETTINGS = {
  hash: 'argon2id',
  argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 },
  bcrypt: { cost: 4 },
} as const
const plainHasher = createSecretHasher(SETTINGS)
const format = createKeyFormat('sk')

interface Subject extends GeneratedKey {
  readonly record: { readonly keyId: string; readonly secretHash: string }
}

async function newKey(hasher: SecretHasher = plainHasher): Promise<Subject> {
  const made = format.generate('live')
  return { ...made, record: { keyId: made.keyId, secretHash: await hasher.hash(made.secret) } }
}

/** Another key of the same key_id: what someone holds who knows the public part only. */
function forged(subject: Subject): GeneratedKey {
  const { secret } = format.generate('live')
  return { keyId: subject.keyId, secret, key: `sk_live_${subject.keyId}_${secret}000000` }
}

/** A verifier beside the number of slow hashes it ran; `gate` holds them back until it is opened. */
function observed(size = { running: 2, queued: 64 }, maxFingerprints = 100) {
  let hashes = 0
  let gate: Promise<unknown> = Promise.resolve()
  const hasher: SecretHasher = {
    ...plainHasher,
    async verify(stored, secret) {
      hashes += 1
      await gate
      return plainHasher.verify(stored, secret)
    },
  }
  const pool = createHashingPool(size)
  const verifier = createSecretVerifier({ hasher, pool, maxFingerprints })
  const hold = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    gate = promise
    return resolve
  }
  return { verifier, pool, hold, hashes: () => hashes }
}

const match = { result: 'match', needsRehash: false }
const mismatch = { result: 'mismatch', needsRehash: false }
const overloaded = { result: 'overloaded', needsRehash: false }

describe('after one success', () => {
  test('the same key is known without hashing', async () => {
    const { verifier, hashes } = observed()
    const { record, key, secret } = await newKey()
    expect(verifier.verifyKnown(record, key)).toBe('unknown')
    expect(await verifier.verifyFirst(record, key, secret)).toEqual(match)
    for (let i = 0; i < 100; i++) expect(verifier.verifyKnown(record, key)).toBe('match')
    expect(hashes()).toBe(1)
  })

  test('another secret for that key_id is refused without hashing', async () => {
    const { verifier, hashes } = observed()
    const subject = await newKey()
    await verifier.verifyFirst(subject.record, subject.key, subject.secret)
    for (let i = 0; i < 100; i++) {
      const { key, secret } = forged(subject)
      expect(verifier.verifyKnown(subject.record, key)).toBe('mismatch')
      expect(await verifier.verifyFirst(subject.record, key, secret)).toEqual(mismatch)
    }
    expect(hashes()).toBe(1)
  })

  test('a changed stored hash makes the key unknown, and the old secret wrong', async () => {
    const { verifier, hashes } = observed()
    const subject = await newKey()
    await verifier.verifyFirst(subject.record, subject.key, subject.secret)
    const next = { ...(await newKey()).record, keyId: subject.keyId }
    expect(verifier.verifyKnown(next, subject.key)).toBe('unknown')
    expect(await verifier.verifyFirst(next, subject.key, subject.secret)).toEqual(mismatch)
    expect(verifier.verifyKnown(subject.record, subject.key)).toBe('match')
    expect(hashes()).toBe(2)
  })

  test('only so many fingerprints are kept, the oldest goes first', async () => {
    const { verifier } = observed({ running: 2, queued: 0 }, 2)
    const keys = [await newKey(), await newKey(), await newKey()]
    for (const { record, key, secret } of keys) await verifier.verifyFirst(record, key, secret)
    const known = keys.map(({ record, key }) => verifier.verifyKnown(record, key))
    expect(known).toEqual(['unknown', 'match', 'match'])
  })

  test('an outdated hash matches and asks for a new one', async () => {
    const { verifier } = observed()
    const old = createSecretHasher({ ...SETTINGS, hash: 'bcrypt' })
    const { record, key, secret } = await newKey(old)
    const verdict = await verifier.verifyFirst(record, key, secret)
    expect(verdict).toEqual({ result: 'match', needsRehash: true })
    expect(verifier.verifyKnown(record, key)).toBe('match')
  })
})

describe('before that', () => {
  test('a wrong secret is hashed, refused and not remembered', async () => {
    const { verifier, hashes } = observed()
    const subject = await newKey()
    const { key, secret } = forged(subject)
    expect(await verifier.verifyFirst(subject.record, key, secret)).toEqual(mismatch)
    expect(verifier.verifyKnown(subject.record, key)).toBe('unknown')
    const right = await verifier.verifyFirst(subject.record, subject.key, subject.secret)
    expect(right).toEqual(match)
    expect(hashes()).toBe(2)
  })

  test('a thousand first checks of one key at once share one hash', async () => {
    const { verifier, hashes } = observed({ running: 1, queued: 0 })
    const { record, key, secret } = await newKey()
    const checks = Array.from({ length: 1000 }, () => verifier.verifyFirst(record, key, secret))
    expect(await Promise.all(checks)).toEqual(Array.from({ length: 1000 }, () => match))
    expect(hashes()).toBe(1)
  })

  test('bogus keys that wait behind the right one are refused without a hash', async () => {
    const { verifier, hashes } = observed({ running: 1, queued: 64 })
    const subject = await newKey()
    const right = verifier.verifyFirst(subject.record, subject.key, subject.secret)
    const bogus = Array.from({ length: 64 }, () => {
      const { key, secret } = forged(subject)
      return verifier.verifyFirst(subject.record, key, secret)
    })
    expect(await right).toEqual(match)
    expect(await Promise.all(bogus)).toEqual(bogus.map(() => mismatch))
    expect(hashes()).toBe(1)
  })

  test('a full pool answers overloaded, lets sharers in, and recovers', async () => {
    const { verifier, pool, hold, hashes } = observed({ running: 2, queued: 3 })
    const open = hold()
    const keys = await Promise.all(Array.from({ length: 6 }, () => newKey()))
    const checks = keys.map(({ record, key, secret }) => verifier.verifyFirst(record, key, secret))
    expect(await checks[5]).toEqual(overloaded)
    expect({ running: pool.running, queued: pool.queued }).toEqual({ running: 2, queued: 3 })
    const [first, , , , , last] = keys
    if (first === undefined || last === undefined) throw new Error('there are six keys')
    const sharer = verifier.verifyFirst(first.record, first.key, first.secret)
    open()
    expect(await Promise.all(checks.slice(0, 5))).toEqual([match, match, match, match, match])
    expect(await sharer).toEqual(match)
    expect(await verifier.verifyFirst(last.record, last.key, last.secret)).toEqual(match)
    expect(hashes()).toBe(6)
  })

  test('a hash that fails rejects, and the next check starts afresh', async () => {
    let broken = true
    const hasher: SecretHasher = {
      ...plainHasher,
      verify: (stored, secret) =>
        broken ? Promise.reject(new Error('no thread')) : plainHasher.verify(stored, secret),
    }
    const pool = createHashingPool({ running: 1, queued: 0 })
    const verifier = createSecretVerifier({ hasher, pool })
    const { record, key, secret } = await newKey()
    await expect(verifier.verifyFirst(record, key, secret)).rejects.toThrow('no thread')
    expect(verifier.verifyKnown(record, key)).toBe('unknown')
    broken = false
    expect(await verifier.verifyFirst(record, key, secret)).toEqual(match)
  })

  test('a stored hash of 4 GiB verifies nothing', async () => {
    const { verifier } = observed()
    const { record, key, secret } = await newKey()
    const tampered = { ...record, secretHash: record.secretHash.replace('m=64', 'm=4194304') }
    expect(await verifier.verifyFirst(tampered, key, secret)).toEqual(mismatch)
  })
})

test('no early exit: wherever a key differs, one comparison of whole digests decides', async () => {
  const matches = vi.fn(crypto.createDigestMatcher())
  vi.mocked(crypto.createDigestMatcher).mockReturnValueOnce(matches)
  const { verifier } = observed()
  const { record, key, secret } = await newKey()
  await verifier.verifyFirst(record, key, secret)
  matches.mockClear()
  for (let at = 0; at < key.length; at++) {
    const other = key.slice(0, at) + (key[at] === 'x' ? 'y' : 'x') + key.slice(at + 1)
    expect(verifier.verifyKnown(record, other)).toBe('mismatch')
    expect(matches).toHaveBeenLastCalledWith(other, crypto.sha256(key))
    expect(matches).toHaveBeenCalledTimes(at + 1)
  }
})

/**
 * Verifies a key in a process of its own, lets go of it, and looks for its secret in a snapshot of
 * the whole heap. The needle waits in a buffer outside the heap, with its bits inverted.
 */
const HEAP_PROBE = `
  import { getHeapSnapshot } from 'node:v8'
  import { createKeyFormat } from './src/core/key/format.ts'
  import { createSecretHasher } from './src/engine/secrets/hasher.ts'
  import { createHashingPool } from './src/engine/secrets/hashing-pool.ts'
  import { createSecretVerifier } from './src/engine/secrets/verifier.ts'

  const hasher = createSecretHasher(${JSON.stringify(SETTINGS)})
  const pool = createHashingPool({ running: 1, queued: 0 })
  const verifier = createSecretVerifier({ hasher, pool })
  const format = createKeyFormat('sk')
  let keep
  const verifyOne = async () => {
    const made = format.generate('live')
    const presented = Buffer.from(made.key).toString('latin1')
    const { keyId } = format.parse(presented)
    const record = { keyId, secretHash: await hasher.hash(made.secret) }
    const first = await verifier.verifyFirst(record, presented, format.secretOf(presented))
    const known = verifier.verifyKnown(record, presented)
    keep = process.env.KEEP_THE_KEY === '1' ? presented : undefined
    const needle = Buffer.from(made.secret.slice(0, 16)).map((byte) => ~byte)
    return { record, needle, verdicts: [first.result, known] }
  }
  const { record, needle, verdicts } = await verifyOne()
  for (let i = 0; i < 3; i++) {
    await new Promise(setImmediate)
    globalThis.gc()
  }
  const chunks = []
  for await (const chunk of getHeapSnapshot()) chunks.push(Buffer.from(chunk))
  const heap = Buffer.concat(chunks)
  console.log(JSON.stringify({
    verdicts,
    fingerprintKept: heap.includes(record.secretHash),
    keyFound: heap.includes(needle.map((byte) => ~byte)),
  }))
`

test.each([
  ['a verified key is nowhere in memory once its request is over', '0', false],
  ['and this test would find it', '1', true],
])('%s', (_, keep, keyFound) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', '--input-type=module', '--eval', HEAP_PROBE],
    { encoding: 'utf8', env: { ...process.env, KEEP_THE_KEY: keep } },
  )
  expect(status, stderr).toBe(0)
  expect(JSON.parse(stdout)).toEqual({
    verdicts: ['match', 'match'],
    fingerprintKept: true,
    keyFound,
  })
})

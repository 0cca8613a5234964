import { generateKeyPairSync } from 'node:crypto'
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ConfigError } from '../core/errors.ts'
import { signatureProblem, signPlace } from '../engine/retention/signatures.ts'
import { createAuditSigner, readPublicKey } from './audit-signer.ts'

const HEAD = { chain: 'main', seq: 7, hash: 'ab'.repeat(32) }

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-signer-'))
  file = join(folder, 'audit.pem')
})
afterEach(() => rmSync(folder, { recursive: true }))

test('makes no key to tell which one there is, and one of mode 0600 to sign', async () => {
  const signer = createAuditSigner(file)
  expect(await signer.publicKey()).toBeNull()
  expect(readdirSync(folder)).toEqual([])
  const signed = await signPlace(signer, 'head', HEAD, 5)
  expect(readdirSync(folder)).toEqual(['audit.pem'])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(await signer.publicKey()).toBe(signed.publicKey)
  expect(readPublicKey(readFileSync(file, 'utf8'), file)).toBe(signed.publicKey)
  expect(signatureProblem('head', signed, [signed.publicKey])).toBeUndefined()
})

test('of many that make the key at once, one wins and all sign with its key', async () => {
  const signers = Array.from({ length: 8 }, () => createAuditSigner(file))
  const signing = signers.flatMap((one) => [one.sign(Buffer.of(1)), one.sign(Buffer.of(1))])
  const signed = await Promise.all(signing)
  expect(new Set(signed.map(({ publicKey }) => publicKey)).size).toBe(1)
  expect(readdirSync(folder)).toEqual(['audit.pem'])
})

test('uses the key that is there and does not touch its file', async () => {
  const { publicKey } = await createAuditSigner(file).sign(Buffer.of(1))
  chmodSync(file, 0o400)
  const before = readFileSync(file, 'utf8')
  expect((await createAuditSigner(file).sign(Buffer.of(2))).publicKey).toBe(publicKey)
  expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual([before, 0o400])
})

test('a file that is no Ed25519 key, or a folder that is not there, is named and not replaced', async () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  for (const text of [
    '',
    'secret words',
    rsa.export({ type: 'pkcs8', format: 'pem' }).toString(),
  ]) {
    writeFileSync(file, text)
    const signing = createAuditSigner(file).sign(Buffer.of(1))
    await expect(signing).rejects.toThrow(ConfigError)
    await expect(signing).rejects.toThrow(file)
    await expect(signing).rejects.not.toThrow('secret words')
    expect(readFileSync(file, 'utf8')).toBe(text)
    expect(() => readPublicKey(text, 'that file')).toThrow(ConfigError)
  }
  const nowhere = createAuditSigner(join(folder, 'none', 'audit.pem')).sign(Buffer.of(1))
  await expect(nowhere).rejects.toThrow('cannot be written (ENOENT)')
})

test('a signature of other bytes, another kind, another key or nobody does not count', async () => {
  const signer = createAuditSigner(file)
  const signed = await signPlace(signer, 'head', HEAD, 5)
  const trusted = [signed.publicKey]
  expect(signatureProblem('checkpoint', signed, trusted)).toBe('bad signature')
  for (const change of [{ seq: 8 }, { chain: 'other' }, { hash: 'cd'.repeat(32) }, { atMs: 6 }]) {
    expect(signatureProblem('head', { ...signed, ...change }, trusted)).toBe('bad signature')
  }
  for (const publicKey of ['', 'AAAA', '!', rsaKeyText()]) {
    expect(signatureProblem('head', { ...signed, publicKey }, [])).toBe('bad signature')
    expect(signatureProblem('head', { ...signed, publicKey }, trusted)).toBe('unknown signing key')
  }
  const stranger = await signPlace(createAuditSigner(`${file}2`), 'head', HEAD, 5)
  expect(signatureProblem('head', stranger, trusted)).toBe('unknown signing key')
  expect(signatureProblem('head', stranger, [])).toBeUndefined()
})

const rsaKeyText = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2048 })
    .publicKey.export({ type: 'spki', format: 'der' })
    .toString('base64url')

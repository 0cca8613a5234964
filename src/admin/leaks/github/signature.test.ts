import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { highS, newSigners, signed } from '../../../../tests/threats/github-reports.ts'
import { VECTOR } from '../../../../tests/threats/github-vector.ts'
import { isSignedBy, readPublicKey, readSignature } from './signature.ts'

function isGenuine(pem: string, body: string | Buffer, signature: string): boolean {
  const key = readPublicKey(pem)
  const bytes = readSignature(signature)
  return key !== undefined && bytes !== undefined && isSignedBy(key, Buffer.from(body), bytes)
}

test('the form holds still: this signature goes on being right', () => {
  expect(isGenuine(VECTOR.pem, VECTOR.body, VECTOR.signature)).toBe(true)
})

test('every bit of its body matters', () => {
  const accepted: number[] = []
  for (let bit = 0; bit < VECTOR.body.length * 8; bit++) {
    const body = Buffer.from(VECTOR.body)
    body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    if (isGenuine(VECTOR.pem, body, VECTOR.signature)) accepted.push(bit)
  }
  expect(accepted).toEqual([])
})

test('one text stands for one signature: another character anywhere makes none', () => {
  const accepted: string[] = []
  for (let at = 0; at < VECTOR.signature.length; at++) {
    for (const other of ['A', 'B', 'Z', 'a', '0', '9', '+', '/', '=', '-', '_', ' ', '\n', '']) {
      const signature = VECTOR.signature.slice(0, at) + other + VECTOR.signature.slice(at + 1)
      if (signature === VECTOR.signature) continue
      if (isGenuine(VECTOR.pem, VECTOR.body, signature)) accepted.push(signature)
    }
  }
  expect(accepted).toEqual([])
})

test('a signature with a high s is as good as one with a low s', () => {
  const { github } = newSigners()
  const body = Buffer.from(VECTOR.body)
  const der = highS(signed(github.privateKey, body))
  const read = readSignature(der.toString('base64'))
  expect(read && isSignedBy(github.publicKey, body, read)).toBe(true)
})

describe('a public key', () => {
  test.each([
    ['secp384r1', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['secp256k1', generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
    ['Ed25519', generateKeyPairSync('ed25519')],
  ])('on %s is none', (_curve, { publicKey }) => {
    expect(
      readPublicKey(publicKey.export({ type: 'spki', format: 'pem' }).toString()),
    ).toBeUndefined()
  })

  test.each([
    '',
    'x',
    '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----',
    VECTOR.pem.slice(0, 90),
  ])('%j is none', (text) => {
    expect(readPublicKey(text)).toBeUndefined()
  })
})

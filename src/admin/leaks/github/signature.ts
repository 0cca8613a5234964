/**
 * ECDSA on P-256 with SHA-256 over the raw body, as GitHub signs its reports. Pure, and total: what is
 * no signature is none, whatever it is.
 *
 * One text stands for one signature: base64 must be canonical and OpenSSL takes no other encoding
 * than DER. A signature with a high s is as good as one with a low s; ECDSA knows no difference.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'

/** Two integers of 33 bytes with their heads have 72 bytes, in base64 96 characters. */
const MAX_SIGNATURE_LENGTH = 96
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/** A PEM text; undefined where it is no public key on P-256. */
export function readPublicKey(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: pem, format: 'pem' })
    const isP256 =
      key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
    return isP256 ? key : undefined
  } catch {
    return undefined
  }
}

/** The bytes of a signature; undefined where the text cannot be one, whatever the key. */
export function readSignature(text: string): Buffer | undefined {
  if (text.length > MAX_SIGNATURE_LENGTH || !BASE64.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  const isCanonical = bytes.toString('base64') === text
  // A SEQUENCE that is as long as it says.
  return isCanonical && bytes[0] === 0x30 && bytes[1] === bytes.length - 2 ? bytes : undefined
}

export function isSignedBy(key: KeyObject, body: Buffer, signature: Buffer): boolean {
  try {
    return verify('sha256', body, { key, dsaEncoding: 'der' }, signature)
  } catch {
    return false
  }
}

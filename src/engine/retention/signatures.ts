/**
 * Signatures of places in the audit log, made and checked. A signature proves something only against
 * a key that is known from elsewhere: whoever writes the database can sign with a key of their own.
 */
import { createPublicKey, verify } from 'node:crypto'
import type { AuditHead } from '../../core/audit.ts'
import { type SignedPlace, type SignedPlaceKind, signedBytes } from '../../core/audit-signature.ts'
import type { AuditSigner } from '../../core/ports/audit-signer.ts'

export async function signPlace(
  signer: AuditSigner,
  kind: SignedPlaceKind,
  { chain, seq, hash }: AuditHead,
  atMs: number,
): Promise<SignedPlace> {
  const place = { chain, seq, hash, atMs }
  return { ...place, ...(await signer.sign(signedBytes(kind, place))) }
}

export type SignatureProblem = 'bad signature' | 'unknown signing key'

/**
 * What is wrong with the signature of a place; undefined where nothing is. Without a key to trust it
 * is checked against the key that it brings along, which shows damage but no forgery.
 */
export function signatureProblem(
  kind: SignedPlaceKind,
  place: SignedPlace,
  trustedKeys: readonly string[],
): SignatureProblem | undefined {
  const { publicKey, signature } = place
  if (trustedKeys.length > 0 && !trustedKeys.includes(publicKey)) return 'unknown signing key'
  return isSigned(signedBytes(kind, place), publicKey, signature) ? undefined : 'bad signature'
}

function isSigned(bytes: Uint8Array, publicKey: string, signature: string): boolean {
  try {
    const der = Buffer.from(publicKey, 'base64url')
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    if (key.asymmetricKeyType !== 'ed25519') return false
    return verify(null, bytes, key, Buffer.from(signature, 'base64url'))
  } catch {
    return false
  }
}

/**
 * What a signature over the audit log covers: a place in a chain and when it was signed. The text
 * says what it is for, so that a head, which is exported to be shown around, can never stand in as a
 * checkpoint, which lets rows be deleted. docs/reference/audit.md says the same to those who verify
 * without this code.
 */
import type { AuditHead } from './audit.ts'

/** A head is noted down elsewhere; a checkpoint takes the place of the rows up to it. */
export type SignedPlaceKind = 'head' | 'checkpoint'

/** A head or checkpoint with its signature. */
export interface SignedPlace extends AuditHead {
  readonly atMs: number
  /** Ed25519, base64url. */
  readonly signature: string
  /** SPKI DER, base64url. */
  readonly publicKey: string
}

/** The bytes that are signed: UTF-8 of a line that names the kind, and a JSON array. */
export function signedBytes(
  kind: SignedPlaceKind,
  { chain, seq, hash, atMs }: Omit<SignedPlace, 'signature' | 'publicKey'>,
): Uint8Array {
  const text = `lockgate audit ${kind} v1\n${JSON.stringify([chain, seq, hash, atMs])}`
  return new TextEncoder().encode(text)
}

/**
 * Whether somebody holds a key: the same steps as a check, up to its secret, but whatever the state of
 * the key, because a key that has ended may have leaked, too. What proves nothing is a bad credential
 * of its address, and gets the one answer that tells neither which part was wrong nor whether there is
 * such a key.
 */
import type { Denied } from '../../core/decision.ts'
import type { KeyFormat } from '../../core/key/format.ts'
import type { CachedKey } from '../cached-key.ts'
import type { CheckRequest } from '../gate.ts'
import type { KeyCache } from '../key-cache.ts'
import { type Refusals, retryable } from '../refusals.ts'
import type { SecretVerifier } from '../secrets/verifier.ts'

export interface ProofParts {
  readonly format: KeyFormat
  readonly cache: KeyCache
  readonly verifier: SecretVerifier
  readonly refusals: Refusals
}

export interface Claim extends CheckRequest {
  readonly presentedKey: string
}

/** The key that was presented, or why not. One that is malformed costs no I/O but its count. */
export async function proveHeld(parts: ProofParts, claim: Claim): Promise<CachedKey | Denied> {
  const { format, cache, verifier, refusals } = parts
  const { presentedKey } = claim
  const parsed = format.parse(presentedKey)
  if (parsed === undefined) return refusals.badCredential(claim, 'malformed', null)
  const { keyId } = parsed
  const known = cache.lastKnown(keyId)
  if (known === undefined || verifier.verifyKnown(known.record, presentedKey) !== 'match') {
    const blocked = await refusals.blocked(claim)
    if (blocked !== undefined) return blocked
  }
  const key = cache.fresh(keyId) ?? (await cache.load(keyId))
  if (key === 'unavailable') return refusals.uncharged(claim, retryable('auth_unavailable'))
  if (key === 'unknown') return refusals.badCredential(claim, 'unknown', null)
  const result = await verify(parts, key, presentedKey)
  if (result === 'overloaded') return refusals.uncharged(claim, retryable('overloaded'))
  if (result === 'mismatch') return refusals.badCredential(claim, 'wrong_secret', keyId)
  // Nothing else pays for this request, and each may write to the store.
  return (await refusals.unchecked(claim.address, claim.requestId)) ?? key
}

async function verify(
  { format, verifier }: ProofParts,
  { record }: CachedKey,
  presented: string,
): Promise<'match' | 'mismatch' | 'overloaded'> {
  const known = verifier.verifyKnown(record, presented)
  if (known !== 'unknown') return known
  return (await verifier.verifyFirst(record, presented, format.secretOf(presented))).result
}

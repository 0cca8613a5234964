/** When the replacement of a key ends: it never lives longer than the key would have. Pure. */
import type { KeyRecord } from '../../core/key/key-record.ts'
import type { Link } from '../../core/ports/links.ts'

/** null: never. undefined: the key has used up its time, so that there is nothing to replace. */
export function replacementExpiry(
  link: Pick<Link, 'createdAtMs'>,
  key: Pick<KeyRecord, 'status' | 'expiresAtMs'>,
  nowMs: number,
): number | null | undefined {
  const { status, expiresAtMs } = key
  if (expiresAtMs === null || expiresAtMs > nowMs) return expiresAtMs
  // Its time ran out while its owner was asleep and it could not be used: what it had left counts.
  const leftMs = status === 'active' ? 0 : expiresAtMs - link.createdAtMs
  return leftMs > 0 ? nowMs + leftMs : undefined
}

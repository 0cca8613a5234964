/** What a key may do: its scopes, and the addresses it may be used from. */
import type { Denied } from '../core/decision.ts'
import type { CachedKey } from './cached-key.ts'
import type { CheckRequest } from './gate.ts'
import { NO_LIMITS } from './refusals.ts'

/** The refusal of a request that the key has no right to; undefined when it has. */
export function deniedByRights(key: CachedKey, request: CheckRequest): Denied | undefined {
  const { scope } = request
  const { keyId } = key.record
  const missing = scope === undefined ? undefined : missingScope(key.scopes, scope)
  if (missing !== undefined) {
    return { allowed: false, code: 'insufficient_scope', scope: missing, keyId, limits: NO_LIMITS }
  }
  if (key.allowedAddresses !== undefined) {
    const ip = request.clientIp ?? request.address
    const family = ip?.includes(':') ? 'ipv6' : 'ipv4'
    if (ip === undefined || !key.allowedAddresses.check(ip, family)) {
      return { allowed: false, code: 'ip_not_allowed', keyId, limits: NO_LIMITS }
    }
  }
  return undefined
}

/** Of several that would do, the first is named: list the least first. */
function missingScope(
  held: ReadonlySet<string>,
  needed: string | readonly string[],
): string | undefined {
  if (typeof needed === 'string') return held.has(needed) ? undefined : needed
  return needed.some((scope) => held.has(scope)) ? undefined : needed[0]
}

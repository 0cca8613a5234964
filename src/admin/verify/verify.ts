/** Checks a key on behalf of a service. A bad key is an answer here; a failure of ours is none. */
import type { Allowed, Denied } from '../../core/decision.ts'
import { ERRORS, LockgateError } from '../../core/errors.ts'
import type { LimitStatus } from '../../core/limits/limit.ts'
import { isScope } from '../../core/scopes.ts'
import type { Gate } from '../../engine/gate.ts'
import { createClientAddress } from '../../http/client-address.ts'
import { implement, type Outcome } from '../contract/endpoint.ts'
import type { AdminRoute } from '../routes.ts'
import { INVALID_CODES, verifyKey } from './contract.ts'

type Answered = Outcome<typeof verifyKey>

export function verifyKeyRoute(gate: Gate): AdminRoute {
  const addressOf = createClientAddress(gate.http)
  return implement(verifyKey, async ({ body, requestId }) => {
    const { key, scope, cost, ip } = body
    if (scope !== undefined && !isScope(scope)) {
      throw new LockgateError('invalid_field', '"scope" must be a scope such as "chat:write".')
    }
    const client = addressOf(ip, [])
    const decision = await gate.check({
      ...{ presentedKey: key, scope, cost, requestId },
      ...{ address: client?.group, clientIp: client?.address },
    })
    if (!decision.allowed) return deniedAnswer(decision)
    if (decision.mustSettle) gate.settle(decision, requestId)
    return { value: allowedAnswer(decision) }
  })
}

const allowedAnswer = ({ identity, limits }: Allowed) => ({
  ...{ valid: true as const, key_id: identity.keyId },
  ...{ owner: identity.owner, owner_external_id: identity.ownerExternalId },
  ...{ name: identity.keyName, tier: identity.tier, scopes: [...identity.scopes] },
  ...{ mode: identity.mode, limits: limits.map(statusJson) },
})

function deniedAnswer(denied: Denied): Answered {
  const code = INVALID_CODES.find((known) => known === denied.code)
  if (code === undefined) return denied
  const { retryAfterSeconds, keyId } = denied
  const { message } = ERRORS[code]
  return {
    value: {
      ...{ valid: false, code, message },
      ...(retryAfterSeconds === undefined ? {} : { retry_after: retryAfterSeconds }),
      ...(keyId === undefined ? {} : { key_id: keyId }),
      limits: denied.limits.map(statusJson),
    },
  }
}

const statusJson = ({ name, quota, windowMs, remaining, resetMs }: LimitStatus) => ({
  ...{ name, quota, window_ms: windowMs, remaining, reset_ms: resetMs },
})

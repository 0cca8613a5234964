/** Issues a key for the operator. What is chosen is checked by the engine, as for everybody. */
import { ConfigError, LockgateError } from '../../../core/errors.ts'
import type { Limit } from '../../../core/limits/limit.ts'
import { type LimitInput, parseLimits } from '../../../core/limits/limit-input.ts'
import type { Gate, IssueKeyInput } from '../../../engine/gate.ts'
import { type BodyOf, implement } from '../../contract/endpoint.ts'
import type { AdminRoute } from '../../routes.ts'
import { keyJson } from '../key-json.ts'
import { createKey } from './contract.ts'

export const createKeyRoute = (gate: Gate): AdminRoute =>
  implement(createKey, async ({ body, headers, actor }) => {
    const idempotencyKey = headers['idempotency-key']
    const options = idempotencyKey === undefined ? {} : { idempotencyKey: String(idempotencyKey) }
    const { key, record } = await gate.keys.issue(inputOf(body), actor, options)
    return { value: { key, ...keyJson(record) } }
  })

function inputOf(body: BodyOf<typeof createKey>): IssueKeyInput {
  const { owner, owner_external_id, tier, scopes, name, mode } = body
  const { expires_at, allowed_addresses, limits } = body
  return {
    owner,
    ...(owner_external_id == null ? {} : { ownerExternalId: owner_external_id }),
    ...(tier === undefined ? {} : { tier }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(name == null ? {} : { name }),
    ...(mode === undefined ? {} : { mode }),
    ...(expires_at == null ? {} : { expiresAtMs: readExpiry(expires_at) }),
    ...(allowed_addresses === undefined ? {} : { allowedAddresses: allowed_addresses }),
    ...(limits === undefined ? {} : { limitOverrides: readLimits(limits) }),
  }
}

function readExpiry(text: string): number {
  const atMs = Date.parse(text)
  if (atMs > Date.now()) return atMs
  throw new LockgateError('invalid_field', '"expires_at" must be a time in the future.')
}

function readLimits(limits: NonNullable<BodyOf<typeof createKey>['limits']>): readonly Limit[] {
  try {
    return parseLimits(limits as readonly LimitInput[])
  } catch (error) {
    if (error instanceof ConfigError) throw new LockgateError('invalid_field', error.message)
    throw error
  }
}

/** Rotates a key. Whoever is no admin gets no key by it that may do more than its own. */
import type { Denied } from '../../../core/decision.ts'
import { ConfigError, LockgateError } from '../../../core/errors.ts'
import type { KeyRecord } from '../../../core/key/key-record.ts'
import { parseDurationMs } from '../../../core/limits/limit-input.ts'
import type { Gate } from '../../../engine/gate.ts'
import { type BodyOf, implement } from '../../contract/endpoint.ts'
import type { AdminRoute } from '../../routes.ts'
import { keyJson, timeText } from '../key-json.ts'
import { isAdmin, visibleKey } from '../visible-key.ts'
import { isWithin } from './address-blocks.ts'
import { rotateKey } from './contract.ts'

export const rotateKeyRoute = (gate: Gate): AdminRoute =>
  implement(rotateKey, async ({ params, body, caller, actor }) => {
    const graceMs = readGrace(body)
    const old = await visibleKey(gate, caller, params)
    if (!isAdmin(caller)) {
      const stronger = denyStronger(old, await gate.keys.find(caller.keyId))
      if (stronger !== undefined) return stronger
    }
    const options = graceMs === undefined ? {} : { graceMs }
    const { key, record } = await gate.keys.rotate(old.keyId, options, actor)
    const expires_at = await endOf(gate, old.keyId)
    return { value: { key, ...keyJson(record), replaced: { key_id: old.keyId, expires_at } } }
  })

/** The new key is made: it must come out, even where the old one cannot be read any more. */
async function endOf(gate: Gate, keyId: string): Promise<string | null> {
  const { expiresAtMs } = await gate.keys.find(keyId).catch(() => ({ expiresAtMs: null }))
  return expiresAtMs === null ? null : timeText(expiresAtMs)
}

function readGrace({ grace, grace_ms }: BodyOf<typeof rotateKey>): number | undefined {
  if (grace === undefined) return grace_ms
  if (grace_ms !== undefined) {
    throw new LockgateError('invalid_field', 'Send "grace" or "grace_ms", not both.')
  }
  try {
    return parseDurationMs(grace, '"grace"')
  } catch (error) {
    if (error instanceof ConfigError) throw new LockgateError('invalid_field', error.message)
    throw error
  }
}

/** The new key may do what the old one may, so the caller must be able to do that already. */
function denyStronger(old: KeyRecord, own: KeyRecord): Denied | undefined {
  const scope = old.scopes.find((held) => !own.scopes.includes(held))
  if (scope !== undefined) {
    const message = `Key ${old.keyId} has the scope "${scope}", which this key lacks. Ask the operator to rotate it.`
    return { allowed: false, code: 'insufficient_scope', scope, message, limits: [] }
  }
  if (!isWithin(old.allowedAddresses, own.allowedAddresses)) {
    const message = `Key ${old.keyId} may be used from addresses that this key may not. Ask the operator to rotate it.`
    return { allowed: false, code: 'ip_not_allowed', message, limits: [] }
  }
  if (old.status === 'disabled') {
    throw new LockgateError(
      'conflict',
      `Key ${old.keyId} is disabled. Ask the operator to enable it.`,
    )
  }
  return undefined
}

/**
 * Issuing a key once although it is asked for twice. The store keeps the idempotency key with a
 * digest of what was asked, in the transaction that writes the API key; so of two calls at once one
 * makes the key, and the other learns of it. The text of a key is shown once and is never kept, which
 * is why a repeat is refused instead of answered.
 */
import { sha256Hex } from '../core/crypto.ts'
import { LockgateError } from '../core/errors.ts'
import type { KeyRecord } from '../core/key/key-record.ts'
import type { Idempotency } from '../core/ports/store.ts'
import type { IssueOptions } from './gate.ts'
import type { ChosenParts } from './key-input.ts'

const MAX_KEY_LENGTH = 255

/**
 * What the store compares; undefined when the caller did not ask for it. Throws LockgateError
 * `invalid_field` for a key that cannot be one, `unknown_field` for an option that is misspelt.
 */
export function idempotencyOf(
  options: IssueOptions | undefined,
  chosen: ChosenParts,
): Idempotency | undefined {
  const stranger = Object.keys(options ?? {}).find((name) => name !== 'idempotencyKey')
  if (stranger !== undefined) {
    const problem = `issue() has no option "${stranger}"; it knows idempotencyKey`
    throw new LockgateError('unknown_field', problem)
  }
  const key = options?.idempotencyKey
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !/^[\x21-\x7e]+$/.test(key) || key.length > MAX_KEY_LENGTH) {
    throw new LockgateError(
      'invalid_field',
      `the idempotency key must be 1 to ${MAX_KEY_LENGTH} visible ASCII characters, such as a UUID`,
    )
  }
  return { key, digest: sha256Hex(canonical(chosen)) }
}

/** JSON with the members of each object in the order of their names. */
function canonical(chosen: ChosenParts): string {
  return JSON.stringify(chosen, (_name, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
}

/** What a repeat is told: which key there is, and how to get a text that can be used. */
export function repeated({ keyId }: KeyRecord): LockgateError {
  return new LockgateError(
    'conflict',
    `key ${keyId} was made by an earlier call with this idempotency key; its text was shown then and cannot be shown again. If it is lost, run "lockgate keys rotate ${keyId}"`,
  )
}

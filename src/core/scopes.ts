/**
 * Scopes: what a key may do. `read`, `write`, `admin`, and names of your own such as `chat:write`.
 *
 * Membership is exact and nothing implies anything: `admin` opens the control plane and neither
 * `read` nor `write`, `chat` does not open `chat:write`, and there are no wildcards. What a key may
 * do is what its list says, letter for letter.
 */
import { LockgateError } from './errors.ts'

/** What a new key gets unless asked. */
const DEFAULT_SCOPES: readonly string[] = Object.freeze(['read'])

export const MAX_SCOPE_LENGTH = 64
export const MAX_SCOPES = 64

/** Parts of a-z, 0-9, `_`, `.` and `-`, each starting with a letter, joined by `:`. Linear. */
const SCOPE = /^[a-z][a-z0-9_.-]*(?::[a-z][a-z0-9_.-]*)*$/

/** Whether `text` can be the name of a scope. */
export const isScope = (text: string): boolean =>
  text.length <= MAX_SCOPE_LENGTH && SCOPE.test(text)

/**
 * The scopes of a new key: each once, sorted, frozen; `['read']` where none were asked for.
 * Throws LockgateError `invalid_field` for an empty list, too long a list, or a malformed name.
 *
 * @example
 * normaliseScopes(['write', 'chat:write', 'write']) // ['chat:write', 'write']
 */
export function normaliseScopes(asked: readonly string[] | undefined): readonly string[] {
  if (asked === undefined) return DEFAULT_SCOPES
  if (asked.length === 0) {
    throw new LockgateError('invalid_field', 'A key needs at least one scope, such as "read".')
  }
  const scopes = [...new Set(asked)].sort()
  if (scopes.length > MAX_SCOPES) {
    throw new LockgateError('invalid_field', `A key has at most ${MAX_SCOPES} scopes.`)
  }
  const bad = scopes.find((scope) => !isScope(scope))
  if (bad === undefined) return Object.freeze(scopes)
  throw new LockgateError(
    'invalid_field',
    `${JSON.stringify(bad.slice(0, MAX_SCOPE_LENGTH))} is not a scope. Scopes are lower case, at most ${MAX_SCOPE_LENGTH} characters, such as "read" or "chat:write".`,
  )
}

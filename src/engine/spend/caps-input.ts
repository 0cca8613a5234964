/** Checks caps that an operator sets. Pure; throws LockgateError `invalid_field`, naming the member. */
import { LockgateError } from '../../core/errors.ts'
import type { SetCaps, SpendScope } from '../../core/spend/caps.ts'

const MAX_MODELS = 1_000
const MAX_NAME_LENGTH = 200
const KINDS: readonly string[] = ['key', 'owner', 'tier', 'account']

/** The scope, copied and frozen. */
export function checkScope(scope: SpendScope): SpendScope {
  const { kind, id } = scope ?? {}
  if (!KINDS.includes(kind)) throw invalid(`scope.kind must be one of ${KINDS.join(', ')}`)
  if (kind === 'account') {
    if (id !== '') throw invalid('scope.id must be empty for the account')
    return Object.freeze({ kind, id })
  }
  if (typeof id !== 'string' || id === '') throw invalid(`scope.id must name the ${kind}`)
  return Object.freeze({ kind, id })
}

/** The caps, copied and frozen. */
export function checkCaps(scope: SpendScope, caps: Omit<SetCaps, 'scope'>): SetCaps {
  const { perDayMicroUsd = null, perMonthMicroUsd = null } = caps
  const { models = null, maxOutputTokens = null } = caps
  checkNumber('perDayMicroUsd', perDayMicroUsd, 0)
  checkNumber('perMonthMicroUsd', perMonthMicroUsd, 0)
  checkNumber('maxOutputTokens', maxOutputTokens, 1)
  if (models !== null) checkModels(models)
  if ((models !== null || maxOutputTokens !== null) && !['key', 'tier'].includes(scope.kind)) {
    throw invalid('models and maxOutputTokens can be set for a key or a tier only')
  }
  return Object.freeze({
    ...{ scope, perDayMicroUsd, perMonthMicroUsd, maxOutputTokens },
    models: models === null ? null : Object.freeze([...models]),
  })
}

function checkNumber(name: string, value: number | null, smallest: number): void {
  if (value === null || (Number.isSafeInteger(value) && value >= smallest)) return
  throw invalid(`${name} must be null or a whole number of at least ${smallest}`)
}

function checkModels(models: readonly string[]): void {
  const isName = (name: unknown): boolean =>
    typeof name === 'string' && name !== '' && name.length <= MAX_NAME_LENGTH
  if (Array.isArray(models) && models.length <= MAX_MODELS && models.every(isName)) return
  throw invalid(
    `models must be null or a list of at most ${MAX_MODELS} names of 1 to ${MAX_NAME_LENGTH} characters`,
  )
}

const invalid = (problem: string): LockgateError => new LockgateError('invalid_field', problem)

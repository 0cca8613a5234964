/** Checks what a caller asks of a new key. Every problem is named, with what is accepted. */
import { isIP } from 'node:net'
import { isEmailAddress } from '../core/email-address.ts'
import { LockgateError } from '../core/errors.ts'
import type { KeyRecord } from '../core/key/key-record.ts'
import { normaliseScopes } from '../core/scopes.ts'
import type { Tier } from '../core/tier.ts'
import type { ImportKeyInput, IssueKeyInput } from './gate.ts'
import { checkLimitOverrides } from './limit-overrides.ts'

const MAX_TEXT_LENGTH = 200
/** RFC 3339, in which times are shown, has four digits for the year. */
export const MAX_TIME_MS: number = Date.UTC(9999, 11, 31)

const MEMBERS: Readonly<Record<keyof ImportKeyInput, true>> = {
  ...{ owner: true, ownerExternalId: true, tier: true, scopes: true, name: true, mode: true },
  ...{ expiresAtMs: true, limitOverrides: true, allowedAddresses: true },
  ...{ keyId: true, secretHash: true },
}

/** The parts of a key record that its maker chooses. */
export type ChosenParts = Pick<
  KeyRecord,
  | 'owner'
  | 'name'
  | 'tier'
  | 'scopes'
  | 'mode'
  | 'expiresAtMs'
  | 'limitOverrides'
  | 'allowedAddresses'
>

/**
 * Throws LockgateError `invalid_field`, or `unknown_field` for a member that is not known: a
 * misspelt `expiresAtMs` would otherwise make a key that never ends. Types are checked as well,
 * because callers may be JavaScript.
 */
export function checkKeyInput(
  input: IssueKeyInput,
  tiers: ReadonlyMap<string, Tier>,
  nowMs: number,
): ChosenParts {
  const stranger = Object.keys(input).find((member) => !Object.hasOwn(MEMBERS, member))
  if (stranger !== undefined) {
    const known = Object.keys(MEMBERS).join(', ')
    throw new LockgateError('unknown_field', `a key has no "${stranger}"; it knows ${known}`)
  }
  const { tier = 'free', mode = 'live', expiresAtMs = null } = input
  if (!tiers.has(tier)) {
    throw invalid(`there is no tier "${tier}"; the tiers are ${[...tiers.keys()].join(', ')}`)
  }
  if (mode !== 'live' && mode !== 'test') throw invalid('the mode must be "live" or "test"')
  const isFuture =
    Number.isSafeInteger(expiresAtMs) &&
    Number(expiresAtMs) > nowMs &&
    Number(expiresAtMs) <= MAX_TIME_MS
  if (expiresAtMs !== null && !isFuture) {
    throw invalid('the expiry must be a time in the future')
  }
  return {
    owner: {
      email: checkEmail(input.owner),
      externalId: checkText('external id', input.ownerExternalId),
    },
    name: checkText('name', input.name),
    tier,
    scopes: normaliseScopes(checkTexts('scopes', input.scopes)),
    mode,
    expiresAtMs,
    limitOverrides: checkLimitOverrides(input.limitOverrides),
    allowedAddresses: Object.freeze(
      (checkTexts('allowed addresses', input.allowedAddresses) ?? []).map(checkAddressBlock),
    ),
  }
}

function checkEmail(email: string): string {
  const trimmed = typeof email === 'string' ? email.trim() : ''
  if (isEmailAddress(trimmed)) return trimmed
  throw invalid('the owner must be one e-mail address, such as ada@example.com')
}

function checkText(what: string, text: string | undefined): string | null {
  if (text === undefined || text === '') return null
  if (typeof text !== 'string') throw invalid(`the ${what} must be a text`)
  if (text.length > MAX_TEXT_LENGTH) {
    throw invalid(`the ${what} may have at most ${MAX_TEXT_LENGTH} characters`)
  }
  if (/\p{Cc}/u.test(text)) throw invalid(`the ${what} may not hold control characters`)
  return text
}

/** One text instead of a list would be read letter by letter. */
function checkTexts(
  what: string,
  list: readonly string[] | undefined,
): readonly string[] | undefined {
  if (list === undefined) return undefined
  if (Array.isArray(list) && list.every((text) => typeof text === 'string')) return list
  throw invalid(`the ${what} must be a list of texts`)
}

function checkAddressBlock(block: string): string {
  const [address = '', bits, ...more] = block.split('/')
  const version = isIP(address)
  const widest = version === 6 ? 128 : 32
  const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= widest)
  if (version === 0 || more.length > 0 || !fits || address.includes('%')) {
    throw invalid(`"${block}" is not an address or CIDR block, such as 203.0.113.0/24`)
  }
  return block
}

function invalid(problem: string): LockgateError {
  return new LockgateError('invalid_field', problem)
}

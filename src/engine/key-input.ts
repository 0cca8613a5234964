/** Checks what a caller asks of a new key. Every problem is named, with what is accepted. */
import { isIP } from 'node:net'
import { LockgateError } from '../core/errors.ts'
import type { KeyRecord } from '../core/key/key-record.ts'
import { normaliseScopes } from '../core/scopes.ts'
import type { Tier } from '../core/tier.ts'
import type { IssueKeyInput } from './gate.ts'

const MAX_EMAIL_LENGTH = 254
const MAX_TEXT_LENGTH = 200

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

/** Throws LockgateError `invalid_field`. */
export function checkKeyInput(
  input: IssueKeyInput,
  tiers: ReadonlyMap<string, Tier>,
  nowMs: number,
): ChosenParts {
  const { tier = 'free', mode = 'live', expiresAtMs = null } = input
  if (!tiers.has(tier)) {
    throw invalid(`there is no tier "${tier}"; the tiers are ${[...tiers.keys()].join(', ')}`)
  }
  if (expiresAtMs !== null && !(Number.isSafeInteger(expiresAtMs) && expiresAtMs > nowMs)) {
    throw invalid('the expiry must be a time in the future')
  }
  return {
    owner: {
      email: checkEmail(input.owner),
      externalId: checkText('external id', input.ownerExternalId),
    },
    name: checkText('name', input.name),
    tier,
    scopes: normaliseScopes(input.scopes),
    mode,
    expiresAtMs,
    limitOverrides: Object.freeze([...(input.limitOverrides ?? [])]),
    allowedAddresses: Object.freeze((input.allowedAddresses ?? []).map(checkAddressBlock)),
  }
}

/** One plain address: mail headers and look-alikes are refused, delivery decides the rest. */
function checkEmail(email: string): string {
  const trimmed = email.trim()
  const [local = '', domain = '', ...more] = trimmed.split('@')
  const plausible =
    more.length === 0 &&
    local !== '' &&
    domain !== '' &&
    trimmed.length <= MAX_EMAIL_LENGTH &&
    /^[\x21-\x7e]+$/.test(trimmed) &&
    !/[<>,;:"()[\]\\]/.test(trimmed)
  if (!plausible) throw invalid(`the owner must be one e-mail address, such as ada@example.com`)
  return trimmed
}

function checkText(what: string, text: string | undefined): string | null {
  if (text === undefined || text === '') return null
  if (text.length > MAX_TEXT_LENGTH) {
    throw invalid(`the ${what} may have at most ${MAX_TEXT_LENGTH} characters`)
  }
  if (/\p{Cc}/u.test(text)) throw invalid(`the ${what} may not hold control characters`)
  return text
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

/** Whose spend a call is: its key's, its owner's, its tier's and everybody's. */
import type { Identity } from '../../core/decision.ts'
import type { SpendScope } from '../../core/spend/caps.ts'

/** The part of an identity that spend is counted by. */
export type Payer = Pick<Identity, 'keyId' | 'owner' | 'tier'>

export const ACCOUNT: SpendScope = Object.freeze({ kind: 'account', id: '' })

/** In the order in which caps are looked at and shown. */
export function scopesOf({ keyId, owner, tier }: Payer): readonly SpendScope[] {
  return [
    { kind: 'key', id: keyId },
    { kind: 'owner', id: owner },
    { kind: 'tier', id: tier },
    ACCOUNT,
  ]
}

/** The scope that `spendSubject` made a subject of. */
export function scopeOf(subject: string): SpendScope {
  const id = subject.slice(2)
  switch (subject.slice(0, 2)) {
    case 'sk':
      return { kind: 'key', id }
    case 'so':
      return { kind: 'owner', id }
    case 'st':
      return { kind: 'tier', id }
    case 'sa':
      return ACCOUNT
    default:
      throw new TypeError(`"${subject}" is no subject of spend`)
  }
}

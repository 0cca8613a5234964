/**
 * The address layer: how many requests, and how many bad credentials, one client address may send.
 * Off when the configuration says `ip: false` or the caller knows no address; then every method
 * answers that nothing is over a limit.
 */
import type { LimitStatus } from '../core/limits/limit.ts'
import type { Charge, ConsumeOutcome, Counters, Refused } from '../core/ports/counters.ts'
import type { AddressSettings } from '../core/settings.ts'
import { addressFailuresSubject, addressSubject } from '../core/subject.ts'
import { BoundedMap } from './bounded-map.ts'

/** Enough for the addresses of a busy minute; a forgotten one is only built again. */
const MAX_REMEMBERED = 10_000

export interface AddressRefusal {
  readonly code: 'rate_limited' | 'too_many_failures'
  readonly outcome: Refused
  readonly limits: readonly LimitStatus[]
}

type MaybeRefusal = AddressRefusal | undefined | Promise<AddressRefusal | undefined>

interface AddressCharges {
  readonly request: Charge
  readonly failure: Charge
}

export interface AddressGuard {
  /** What a request of this address takes, to be consumed together with its key's charges. */
  chargeFor(address: string | undefined): Charge | undefined
  /** Counts a request that no key pays for. */
  countRequest(address: string | undefined): MaybeRefusal
  /** Counts a request with a bad credential. */
  countFailure(address: string | undefined): MaybeRefusal
  /** Whether the address has used up its bad credentials. Counts nothing. */
  failuresRefusal(address: string | undefined): MaybeRefusal
}

export function createAddressGuard(
  settings: AddressSettings | null,
  counters: Counters,
): AddressGuard {
  const remembered = new BoundedMap<string, AddressCharges>(MAX_REMEMBERED)

  function chargesOf(address: string): AddressCharges | undefined {
    const known = remembered.get(address)
    if (known !== undefined || settings === null) return known
    const charges = Object.freeze({
      request: { subject: addressSubject(address), limits: settings.limits, cost: 1 },
      failure: {
        subject: addressFailuresSubject(address),
        limits: Object.freeze([settings.failures]),
        cost: 1,
      },
    })
    remembered.set(address, charges)
    return charges
  }

  const forAddress = (address: string | undefined): AddressCharges | undefined =>
    address === undefined ? undefined : chargesOf(address)

  return Object.freeze({
    chargeFor: (address: string | undefined) => forAddress(address)?.request,
    countRequest(address: string | undefined) {
      const charges = forAddress(address)
      return charges && refusalOf(counters.consume({ charges: [charges.request] }))
    },
    countFailure(address: string | undefined) {
      const charges = forAddress(address)
      return charges && refusalOf(counters.consume({ charges: [charges.request, charges.failure] }))
    },
    failuresRefusal(address: string | undefined) {
      const charges = forAddress(address)
      return charges && refusalOf(counters.peek({ charges: [charges.request, charges.failure] }))
    },
  })
}

function refusalOf(outcome: ConsumeOutcome | Promise<ConsumeOutcome>): MaybeRefusal {
  if (outcome instanceof Promise) return outcome.then(refusalOf)
  if (outcome.kind !== 'refused') return undefined
  const code = outcome.chargeIndex === 0 ? 'rate_limited' : 'too_many_failures'
  return { code, outcome, limits: outcome.limits[outcome.chargeIndex] ?? [] }
}

/** A request as the script takes it: charges checked and planned, and parted by slot in a Cluster. */
import { isChargedBefore, refuseCost, refuseDuplicate } from '../../core/limits/charge-check.ts'
import type { Charge, ConsumeRequest, Hold, SpendCharge } from '../../core/ports/counters.ts'
import type { PlannedCharge } from './batch-names.ts'
import type { KeyNames } from './key-names.ts'
import type { ScriptPlans } from './plans.ts'

export interface RequestPart {
  /** The hash tag of all its keys; empty where slots do not matter. */
  readonly tag: string
  readonly charges: readonly PlannedCharge[]
  /** Where each charge stood in the request. */
  readonly indexes: readonly number[]
  readonly key: ConsumeRequest['key']
  /** The charges of the hold that lie here, in their order. */
  readonly hold: Hold | undefined
}

/** A request with its charges planned, and its parts. */
export interface PlannedRequest {
  readonly charges: readonly PlannedCharge[]
  readonly hold: Hold | undefined
  readonly parts: readonly RequestPart[]
}

export const heldBy = ({ hold }: Pick<RequestPart, 'hold'>): readonly SpendCharge[] =>
  hold?.charges ?? []

/** Throws `invalid_field` for a charge that cannot be made. */
export function planCharges(
  charges: readonly Charge[],
  plans: ScriptPlans,
): readonly PlannedCharge[] {
  return charges.map((charge) => {
    const plan = plans.of(charge.limits)
    const { cost, subject, limits, maxConcurrent } = charge
    if (!Number.isSafeInteger(cost) || cost < 1 || cost > plan.smallestQuota) refuseCost(charge)
    if (isChargedBefore(charge, charges)) refuseDuplicate(charge)
    if (maxConcurrent === undefined) return { subject, limits, cost, plan }
    return { subject, limits, cost, plan, maxConcurrent }
  })
}

/** One part without `names`; with them one for each hash tag, that of the key among them. */
export function splitByTag(
  charges: readonly PlannedCharge[],
  key: ConsumeRequest['key'],
  hold: Hold | undefined,
  names: KeyNames | undefined,
): readonly RequestPart[] {
  const all = charges.map((_, index) => index)
  if (names === undefined) return [{ tag: '', charges, indexes: all, key, hold }]
  const byTag = Map.groupBy(all, (index) => names.tagOf(charges[index]?.subject ?? ''))
  const heldByTag = chargesByTag(hold?.charges ?? [], names)
  for (const tag of heldByTag.keys()) if (!byTag.has(tag)) byTag.set(tag, [])
  if (key !== undefined && !byTag.has(key.keyId)) byTag.set(key.keyId, [])
  return Array.from(byTag, ([tag, indexes]) => {
    const held = heldByTag.get(tag)
    return {
      tag,
      indexes,
      charges: charges.filter((_, index) => indexes.includes(index)),
      key: key?.keyId === tag ? key : undefined,
      hold: hold && held && { ...hold, charges: held },
    }
  })
}

/** Charges of a hold, or what else names subjects, by the hash tag of each. */
export function chargesByTag<T extends { readonly subject: string }>(
  charges: readonly T[],
  names: KeyNames,
): Map<string, T[]> {
  return Map.groupBy(charges, ({ subject }) => names.tagOf(subject))
}

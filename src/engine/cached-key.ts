/**
 * A key as the decision path needs it: its record unfolded once, so that a request only reads. Made
 * again whenever the record's version changes.
 */
import { BlockList, isIPv6 } from 'node:net'
import type { Identity } from '../core/decision.ts'
import type { KeyRecord } from '../core/key/key-record.ts'
import type { Limit } from '../core/limits/limit.ts'
import type { Charge } from '../core/ports/counters.ts'
import { keySubject } from '../core/subject.ts'
import type { Tier } from '../core/tier.ts'

export interface CachedKey {
  readonly record: KeyRecord
  readonly identity: Identity
  readonly scopes: ReadonlySet<string>
  /** What a request of cost 1 takes from the key's own limits. */
  readonly charge: Charge
  /** False where the configuration no longer has the key's tier: its limits cannot be known. */
  readonly tierIsKnown: boolean
  /** undefined: the key may be used from anywhere. */
  readonly allowedAddresses: BlockList | undefined
}

/** `tier` is undefined when the configuration no longer has it: then nothing is admitted. */
export function unfoldKey(record: KeyRecord, tier: Tier | undefined): CachedKey {
  return Object.freeze({
    record,
    identity: identityOf(record),
    scopes: new Set(record.scopes),
    charge: chargeOf(record, tier),
    tierIsKnown: tier !== undefined,
    allowedAddresses: allowListOf(record.allowedAddresses),
  })
}

function identityOf(record: KeyRecord): Identity {
  return Object.freeze({
    keyId: record.keyId,
    owner: record.owner.email,
    ownerExternalId: record.owner.externalId,
    keyName: record.name,
    tier: record.tier,
    scopes: record.scopes,
    mode: record.mode,
  })
}

function chargeOf(record: KeyRecord, tier: Tier | undefined): Charge {
  const limits = mergeLimits(tier?.limits ?? [], record.limitOverrides)
  const charge = { subject: keySubject(record.keyId), limits, cost: 1 }
  const maxConcurrent = tier?.maxConcurrent
  return Object.freeze(maxConcurrent === undefined ? charge : { ...charge, maxConcurrent })
}

/** A key's own limit replaces the tier's limit of the same name, or adds to them. */
function mergeLimits(tierLimits: readonly Limit[], own: readonly Limit[]): readonly Limit[] {
  if (own.length === 0) return tierLimits
  const byName = new Map(tierLimits.map((limit) => [limit.name, limit]))
  for (const limit of own) byName.set(limit.name, limit)
  return Object.freeze([...byName.values()])
}

function allowListOf(blocks: readonly string[]): BlockList | undefined {
  if (blocks.length === 0) return undefined
  const list = new BlockList()
  for (const block of blocks) {
    const [address = '', bits] = block.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

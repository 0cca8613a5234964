/**
 * Which caps and which models hold for a key: what its tier and the account have in the configuration,
 * and what an operator set while the gate runs, which goes before it.
 *
 * What is worked out for a key is kept until an operator's caps change, because each call asks.
 */
import type { SpendCharge } from '../../core/ports/counters.ts'
import type { SpendSettings } from '../../core/settings.ts'
import type { SetCaps, SpendScope } from '../../core/spend/caps.ts'
import { spendSubject } from '../../core/subject.ts'
import type { Tier } from '../../core/tier.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { SpendPolicy } from '../gate.ts'
import { CapLists } from './cap-lists.ts'
import { type Payer, scopesOf } from './scopes.ts'

const MAX_POLICIES = 10_000

export interface CapsBookParts {
  readonly settings: SpendSettings
  readonly tiers: ReadonlyMap<string, Tier>
}

export class CapsBook {
  readonly #parts: CapsBookParts
  readonly #lists = new CapLists()
  #set: ReadonlyMap<string, SetCaps> = new Map()
  #written = '[]'
  #charges = new WeakMap<Payer, readonly SpendCharge[]>()
  #policies = new BoundedMap<string, SpendPolicy>(MAX_POLICIES)

  constructor(parts: CapsBookParts) {
    this.#parts = parts
  }

  /** From now on these are all that an operator has set. False where they were so before. */
  load(all: readonly SetCaps[]): boolean {
    const written = JSON.stringify(all)
    if (written === this.#written) return false
    this.#written = written
    this.#set = new Map(all.map((caps) => [spendSubject(caps.scope), caps]))
    this.#charges = new WeakMap()
    this.#policies = new BoundedMap(MAX_POLICIES)
    return true
  }

  /** Of the scopes that have a cap, in the order of `scopesOf`. The same payer gets the same list. */
  chargesOf(payer: Payer): readonly SpendCharge[] {
    const known = this.#charges.get(payer)
    if (known !== undefined) return known
    const charges = scopesOf(payer)
      .map((scope) => this.chargeOf(scope, payer.tier))
      .filter(({ caps }) => caps.length > 0)
    const kept = Object.freeze(charges)
    this.#charges.set(payer, kept)
    return kept
  }

  /** `tier`: of the key, where the scope is one. */
  chargeOf(scope: SpendScope, tier?: string): SpendCharge {
    const subject = spendSubject(scope)
    return Object.freeze({ subject, caps: this.#capsOf(scope, subject, tier) })
  }

  policyOf({ keyId, tier }: Pick<Payer, 'keyId' | 'tier'>): SpendPolicy {
    const ofKey = this.#set.get(spendSubject({ kind: 'key', id: keyId }))
    // Most keys have nothing of their own, and then one policy serves all of a tier.
    const name = ofKey === undefined ? `t${tier}` : `k${keyId}`
    const known = this.#policies.get(name)
    if (known !== undefined) return known
    const policy = this.#makePolicy(tier, ofKey)
    this.#policies.set(name, policy)
    return policy
  }

  #capsOf(scope: SpendScope, subject: string, tier: string | undefined) {
    const { settings, tiers } = this.#parts
    const set = this.#set.get(subject)
    switch (scope.kind) {
      case 'key': {
        const own = tier === undefined ? undefined : tiers.get(tier)
        return this.#lists.of('key', own?.spend, own?.tokens, set)
      }
      case 'owner':
        return this.#lists.of('owner', settings.owner, undefined, set)
      case 'tier':
        return this.#lists.of('tier', tiers.get(scope.id)?.spendTogether, undefined, set)
      case 'account':
        return this.#lists.of('account', settings.account, undefined, set)
    }
  }

  #makePolicy(tierName: string, ofKey: SetCaps | undefined): SpendPolicy {
    const tier = this.#parts.tiers.get(tierName)
    const ofTier = this.#set.get(spendSubject({ kind: 'tier', id: tierName }))
    const models = ofKey?.models ?? ofTier?.models ?? tier?.models
    const maximum = ofKey?.maxOutputTokens ?? ofTier?.maxOutputTokens ?? tier?.maxOutputTokens
    return Object.freeze({
      maxOutputTokens: maximum ?? this.#parts.settings.defaultMaxOutputTokens,
      isClamped: maximum !== undefined,
      allowsModel: modelMatcher(models),
    })
  }
}

/** A name that ends in `*` covers what begins with it. */
function modelMatcher(models: readonly string[] | undefined): (model: string) => boolean {
  if (models === undefined) return () => true
  const exact = new Set(models.filter((name) => !name.endsWith('*')))
  const prefixes = models.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1))
  return (model) => exact.has(model) || prefixes.some((prefix) => model.startsWith(prefix))
}

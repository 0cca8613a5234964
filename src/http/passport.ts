/**
 * What an admitted request carries for its handler (`req.lockgate`), and the mark by which a second
 * guard of the same gate knows that it was charged already. The mark is private: it shows in no
 * log or JSON, and a look-alike object does not have it.
 */
import type { Identity } from '../core/decision.ts'
import type { KeyMode } from '../core/key/key-record.ts'
import type { LimitStatus } from '../core/limits/limit.ts'
import type { RequestGate } from '../engine/gate.ts'
import {
  type CallDenial,
  type Caller,
  type CallToHold,
  type HeldCall,
  holdCall,
} from './held-call.ts'
import type { ResponseLifetime } from './response-lifetime.ts'

/** Who a request comes from and where its limits stand. Holds no secret. */
export interface RequestIdentity extends Identity {
  /** The same as in the log and in refusals. */
  readonly requestId: string
  /** The key's limits after this request, then those of the route. */
  readonly limits: readonly LimitStatus[]
  /**
   * Holds the worst case of a call that the handler is about to make against every spend cap of the
   * caller. Resolves to a denial where it does not fit; rejects with a ConfigError on a gate without
   * spend caps. `metered` of `lockgate/metered` does all of it for the SDKs of OpenAI and Anthropic.
   *
   * @example
   * const held = await req.lockgate.reserve({ model: 'gpt-4o-mini', input: prompt })
   * if (!held.allowed) return held.send(res)
   * const answer = await ask(prompt, { max_tokens: held.maxOutputTokens, signal: held.signal })
   * held.charge({ inputTokens: answer.input, outputTokens: answer.output })
   */
  reserve(call: CallToHold): Promise<HeldCall | CallDenial>
}

export class Passport implements RequestIdentity {
  readonly keyId: string
  readonly owner: string
  readonly ownerExternalId: string | null
  readonly keyName: string | null
  readonly tier: string
  readonly scopes: readonly string[]
  readonly mode: KeyMode
  readonly requestId: string
  readonly limits: readonly LimitStatus[]
  readonly #gate: RequestGate
  readonly #lifetime: ResponseLifetime
  #caller: Caller | undefined

  constructor(
    gate: RequestGate,
    identity: Identity,
    requestId: string,
    limits: readonly LimitStatus[],
    lifetime: ResponseLifetime,
  ) {
    this.#gate = gate
    this.#lifetime = lifetime
    this.keyId = identity.keyId
    this.owner = identity.owner
    this.ownerExternalId = identity.ownerExternalId
    this.keyName = identity.keyName
    this.tier = identity.tier
    this.scopes = identity.scopes
    this.mode = identity.mode
    this.requestId = requestId
    this.limits = limits
  }

  /** The passport that `gate` gave to this request, if it gave one. */
  static from(gate: RequestGate, value: unknown): Passport | undefined {
    return value instanceof Passport && value.#gate === gate ? value : undefined
  }

  /** Who pays for calls that are made on behalf of this request; undefined for a look-alike. */
  static callerOf(value: unknown): Caller | undefined {
    return value instanceof Passport ? value.#asCaller() : undefined
  }

  reserve(call: CallToHold): Promise<HeldCall | CallDenial> {
    return holdCall(this.#asCaller(), call)
  }

  #asCaller(): Caller {
    this.#caller ??= {
      ...{ gate: this.#gate, identity: this, requestId: this.requestId },
      ...{ lifetime: this.#lifetime, last: {} },
    }
    return this.#caller
  }
}

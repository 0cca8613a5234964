/**
 * What an admitted request carries for its handler (`req.lockgate`), and the mark by which a second
 * guard of the same gate knows that it was charged already. The mark is private: it shows in no
 * log or JSON, and a look-alike object does not have it.
 */
import type { Identity } from '../core/decision.ts'
import type { KeyMode } from '../core/key/key-record.ts'
import type { LimitStatus } from '../core/limits/limit.ts'
import type { RequestGate } from '../engine/gate.ts'

/** Who a request comes from and where its limits stand. Holds no secret. */
export interface RequestIdentity extends Identity {
  /** The same as in the log and in refusals. */
  readonly requestId: string
  /** The key's limits after this request, then those of the route. */
  readonly limits: readonly LimitStatus[]
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

  constructor(
    gate: RequestGate,
    identity: Identity,
    requestId: string,
    limits: readonly LimitStatus[],
  ) {
    this.#gate = gate
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
}

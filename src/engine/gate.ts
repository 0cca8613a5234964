/** The Gate: what applications, the middleware and the gateway hold. Built by `createGate`. */
import type { Decision, Allowed } from '../core/decision.ts'
import type { Limit } from '../core/limits/limit.ts'

/** One request, as far as a decision needs it. Transport details stay in src/http. */
export interface CheckRequest {
  /** The key as the client sent it; undefined when it sent none. */
  readonly presentedKey: string | undefined
  /** The client's address as `groupAddress` writes it; undefined skips the address layer. */
  readonly address: string | undefined
  readonly requestId: string
  /** The scope the request needs; undefined: any valid key will do. */
  readonly scope?: string | undefined
  /** Units taken from each limit; a safe integer of at least 1, default 1. */
  readonly cost?: number | undefined
  /** Limits of this route, beside those of the key's tier. */
  readonly route?: RouteLimits | undefined
}

export interface RouteLimits {
  /** Stable across restarts; requests of one key to one route id share a counter. */
  readonly id: string
  readonly limits: readonly Limit[]
}

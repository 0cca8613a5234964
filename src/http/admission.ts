/**
 * Admission: one HTTP request in, admitted or refused out. Shared by every middleware and by the
 * gateway, so that a credential, an address and a refusal mean the same everywhere.
 */
import type { Allowed, Identity } from '../core/decision.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { LimitStatus } from '../core/limits/limit.ts'
import type { RouteLimits } from '../engine/gate.ts'

/** A request as it came over the wire; `rawHeaders` is node's flat list of names and values. */
export interface RawRequest {
  readonly method: string
  /** The request target exactly as sent, query included. */
  readonly target: string
  readonly rawHeaders: readonly string[]
  /** The socket's address. */
  readonly remoteAddress: string | undefined
}

export interface AdmissionOptions {
  /** Of a list, any one will do. */
  readonly scope?: string | readonly string[] | undefined
  /** A safe integer of at least 1; default 1. A function is called once, before the check. */
  readonly cost?: number | (() => number) | undefined
  readonly route?: RouteLimits | undefined
  /**
   * Where an outer guard has charged this request: how its limits stand. Only the limits of `route`
   * are taken then, and both are shown.
   */
  readonly outerLimits?: readonly LimitStatus[] | undefined
}

/** A complete answer, ready to be written. */
export interface Refusal {
  readonly code: ErrorCode
  readonly status: number
  /** Names and values; Content-Type and Content-Length included, Connection where it closes. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
  /** The connection must be closed after it. */
  readonly close: boolean
}

export type Admission =
  | {
      readonly admitted: true
      readonly requestId: string
      readonly identity: Identity
      readonly allowed: Allowed
      /** RateLimit headers for the response: names and values. */
      readonly headers: readonly (readonly [name: string, value: string])[]
    }
  | { readonly admitted: false; readonly requestId: string; readonly refusal: Refusal }

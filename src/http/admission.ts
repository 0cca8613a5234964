/**
 * Admission: one HTTP request in, admitted or refused out. Shared by every middleware and by the
 * gateway, so that a credential, an address and a refusal mean the same everywhere.
 */
import type { Allowed, Identity } from '../core/decision.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { LimitStatus } from '../core/limits/limit.ts'
import type { RouteLimits, SpendIntent } from '../engine/gate.ts'

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
  /** What the request can cost, held in the same step. */
  readonly spend?: SpendIntent | undefined
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

export interface Rejection {
  readonly admitted: false
  readonly requestId: string
  readonly refusal: Refusal
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
  | Rejection

/** Whether somebody who may is asking; nothing has been charged yet. */
export type Recognition =
  | {
      readonly recognised: true
      readonly requestId: string
      readonly identity: Identity
      /** Decides, once it is known what the request can cost. */
      admit(spend: SpendIntent | undefined): Admission | Promise<Admission>
      /** Refuses it for what its body says; that counts against its address. */
      refuse(code: ErrorCode, message?: string): Rejection | Promise<Rejection>
    }
  | Rejection

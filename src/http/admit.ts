/**
 * `createAdmission`: reads the request, asks the gate, and words the answer.
 *
 * Synchronous where `gate.check` is, so that an adapter pays for no promise. It neither throws nor
 * rejects: a failure of Lockgate becomes a refusal with its code (500 `internal` without detail for
 * a bug) and the detail goes to the gate's log under the request_id. Nothing here keeps or logs the
 * key, the target or a header.
 *
 * What has to read a body before it can be decided goes in two steps: `recognise` says whether anybody
 * with a right to it is asking, and what it returns decides once the body is known.
 */
import type { Decision, Denied, Identity } from '../core/decision.ts'
import { ERRORS, type ErrorCode, LockgateError } from '../core/errors.ts'
import type { CheckRequest, RequestGate } from '../engine/gate.ts'
import type {
  Admission,
  AdmissionOptions,
  RawRequest,
  Recognition,
  Refusal,
  Rejection,
} from './admission.ts'
import { createClientAddress } from './client-address.ts'
import { readCredential } from './credential.ts'
import { createProxyCheck, warnOfAddressLimits } from './foot-guns.ts'
import { createRateLimitHeaders } from './rate-limit-headers.ts'
import { createRefuse } from './refusal.ts'
import { createRequestIds } from './request-id.ts'

export type Admit = (
  request: RawRequest,
  options?: AdmissionOptions,
) => Admission | Promise<Admission>

export type Recognise = (
  request: RawRequest,
  options: AdmissionOptions,
) => Recognition | Promise<Recognition>

const NO_OPTIONS: AdmissionOptions = Object.freeze({})

/** Throws ConfigError where the gate's HTTP settings cannot be used. */
export const createAdmission = (gate: RequestGate): Admit => createAdmissions(gate).admit

/** In one step, and in two. Throws ConfigError as `createAdmission` does. */
export function createAdmissions(gate: RequestGate): {
  readonly admit: Admit
  readonly recognise: Recognise
} {
  const clientAddressOf = createClientAddress(gate.http)
  const rateLimitHeaders = createRateLimitHeaders(gate.http)
  const refuse = createRefuse(gate.http)
  const checkForProxy = createProxyCheck(gate)
  const nextRequestId = createRequestIds()
  warnOfAddressLimits(gate)

  const refused = (requestId: string, refusal: Refusal): Rejection => ({
    admitted: false,
    requestId,
    refusal,
  })

  function decided(decision: Decision, options: AdmissionOptions, requestId: string): Admission {
    const { outerLimits } = options
    const shown =
      outerLimits === undefined
        ? decision
        : { ...decision, limits: outerLimits.concat(decision.limits) }
    if (!shown.allowed) return refused(requestId, denial(shown, requestId))
    const headers = rateLimitHeaders(shown.limits)
    return { admitted: true, requestId, identity: shown.identity, allowed: shown, headers }
  }

  const denial = (denied: Denied, requestId: string): Refusal =>
    refuse(denied.code, { ...denied, requestId })

  /** A request that never reaches the check still counts against its address. */
  function malformed(
    code: ErrorCode,
    address: string | undefined,
    requestId: string,
    message?: string,
  ): Rejection | Promise<Rejection> {
    const counted = (over: Denied | undefined): Rejection =>
      refused(requestId, over ? denial(over, requestId) : refuse(code, { requestId, message }))
    const over = gate.countRefused(address, requestId)
    return over instanceof Promise
      ? over.then(counted, (error: unknown) => failed(error, requestId))
      : counted(over)
  }

  function failed(error: unknown, requestId: string): Rejection {
    const known = error instanceof LockgateError ? error : undefined
    const code = known?.code ?? 'internal'
    if (ERRORS[code].status >= 500) {
      gate.log.error({ err: error, request_id: requestId }, 'a request could not be checked')
    }
    const message = code === 'internal' ? undefined : known?.message
    return refused(requestId, refuse(code, { requestId, message }))
  }

  /** Reads the request, and goes on with what the gate has to know of it. */
  function read<T>(
    request: RawRequest,
    options: AdmissionOptions,
    requestId: string,
    next: (check: CheckRequest) => T | Promise<T>,
  ): T | Rejection | Promise<T | Rejection> {
    const { rawHeaders } = request
    checkForProxy(rawHeaders)
    const client = clientAddressOf(request.remoteAddress, rawHeaders)
    const credential = readCredential(request.target, rawHeaders)
    if (credential.kind === 'fault') return malformed(credential.code, client?.group, requestId)
    return next({
      presentedKey: credential.kind === 'key' ? credential.key : undefined,
      address: client?.group,
      clientIp: client?.address,
      requestId,
      scope: options.scope,
      cost: typeof options.cost === 'function' ? options.cost() : options.cost,
      route: options.route,
      routeOnly: options.outerLimits !== undefined,
      spend: options.spend,
    })
  }

  /** Runs a step; whatever fails in it is a refusal. */
  function guarded<T>(
    requestId: string,
    step: () => T | Promise<T>,
  ): T | Rejection | Promise<T | Rejection> {
    try {
      const outcome = step()
      return outcome instanceof Promise
        ? outcome.catch((error: unknown) => failed(error, requestId))
        : outcome
    } catch (error) {
      return failed(error, requestId)
    }
  }

  function decide(check: CheckRequest, options: AdmissionOptions, requestId: string) {
    const decision = gate.check(check)
    return decision instanceof Promise
      ? decision.then((settled) => decided(settled, options, requestId))
      : decided(decision, options, requestId)
  }

  function recognised(
    known: Identity | Denied,
    check: CheckRequest,
    options: AdmissionOptions,
  ): Recognition {
    const { requestId, address } = check
    if ('allowed' in known) return refused(requestId, denial(known, requestId))
    return {
      recognised: true,
      requestId,
      identity: known,
      admit: (spend) =>
        guarded<Admission>(requestId, () => decide({ ...check, spend }, options, requestId)),
      refuse: (code, message) =>
        guarded<Rejection>(requestId, () => malformed(code, address, requestId, message)),
    }
  }

  return {
    admit(request, options = NO_OPTIONS) {
      const requestId = nextRequestId()
      return guarded<Admission>(requestId, () =>
        read<Admission>(request, options, requestId, (check) => decide(check, options, requestId)),
      )
    },
    recognise(request, options) {
      const requestId = nextRequestId()
      return guarded<Recognition>(requestId, () =>
        read<Recognition>(request, options, requestId, (check) => {
          const known = gate.recognise(check)
          return known instanceof Promise
            ? known.then((settled) => recognised(settled, check, options))
            : recognised(known, check, options)
        }),
      )
    },
  }
}

/** The scope that a request needs where none is configured: `read` for GET and HEAD, else `write`. */
export const scopeForMethod = (method: string): string =>
  method === 'GET' || method === 'HEAD' ? 'read' : 'write'

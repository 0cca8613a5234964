/**
 * `createAdmission`: reads the request, asks the gate, and words the answer.
 *
 * Synchronous where `gate.check` is, so that an adapter pays for no promise. It neither throws nor
 * rejects: a failure of Lockgate becomes a refusal with its code (500 `internal` without detail for
 * a bug) and the detail goes to the gate's log under the request_id. Nothing here keeps or logs the
 * key, the target or a header.
 */
import type { Decision, Denied } from '../core/decision.ts'
import { ERRORS, LockgateError } from '../core/errors.ts'
import type { CheckRequest, RequestGate } from '../engine/gate.ts'
import type { Admission, AdmissionOptions, RawRequest, Refusal } from './admission.ts'
import { type ClientAddress, createClientAddress } from './client-address.ts'
import { type CredentialFault, readCredential } from './credential.ts'
import { createProxyCheck, warnOfAddressLimits } from './foot-guns.ts'
import { createRateLimitHeaders } from './rate-limit-headers.ts'
import { createRefuse } from './refusal.ts'
import { createRequestIds } from './request-id.ts'

export type Admit = (
  request: RawRequest,
  options?: AdmissionOptions,
) => Admission | Promise<Admission>

const NO_OPTIONS: AdmissionOptions = Object.freeze({})

/** Throws ConfigError where the gate's HTTP settings cannot be used. */
export function createAdmission(gate: RequestGate): Admit {
  const clientAddressOf = createClientAddress(gate.http)
  const rateLimitHeaders = createRateLimitHeaders(gate.http)
  const refuse = createRefuse(gate.http)
  const checkForProxy = createProxyCheck(gate)
  const nextRequestId = createRequestIds()
  warnOfAddressLimits(gate)

  const refused = (requestId: string, refusal: Refusal): Admission => ({
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
    code: CredentialFault,
    client: ClientAddress | undefined,
    requestId: string,
  ): Admission | Promise<Admission> {
    const counted = (over: Denied | undefined): Admission =>
      refused(requestId, over ? denial(over, requestId) : refuse(code, { requestId }))
    const over = gate.countRefused(client?.group, requestId)
    return over instanceof Promise
      ? over.then(counted, (error: unknown) => failed(error, requestId))
      : counted(over)
  }

  function failed(error: unknown, requestId: string): Admission {
    const known = error instanceof LockgateError ? error : undefined
    const code = known?.code ?? 'internal'
    if (ERRORS[code].status >= 500) {
      gate.log.error({ err: error, request_id: requestId }, 'a request could not be checked')
    }
    const message = code === 'internal' ? undefined : known?.message
    return refused(requestId, refuse(code, { requestId, message }))
  }

  function check(request: RawRequest, options: AdmissionOptions, requestId: string) {
    const { rawHeaders } = request
    checkForProxy(rawHeaders)
    const client = clientAddressOf(request.remoteAddress, rawHeaders)
    const credential = readCredential(request.target, rawHeaders)
    if (credential.kind === 'fault') return malformed(credential.code, client, requestId)
    const decision = gate.check({
      presentedKey: credential.kind === 'key' ? credential.key : undefined,
      address: client?.group,
      clientIp: client?.address,
      requestId,
      scope: options.scope,
      cost: typeof options.cost === 'function' ? options.cost() : options.cost,
      route: options.route,
      routeOnly: options.outerLimits !== undefined,
    } satisfies CheckRequest)
    return decision instanceof Promise
      ? decision.then(
          (settled) => decided(settled, options, requestId),
          (error: unknown) => failed(error, requestId),
        )
      : decided(decision, options, requestId)
  }

  return function admit(request, options = NO_OPTIONS) {
    const requestId = nextRequestId()
    try {
      return check(request, options, requestId)
    } catch (error) {
      return failed(error, requestId)
    }
  }
}

/** The scope that a request needs where none is configured: `read` for GET and HEAD, else `write`. */
export const scopeForMethod = (method: string): string =>
  method === 'GET' || method === 'HEAD' ? 'read' : 'write'

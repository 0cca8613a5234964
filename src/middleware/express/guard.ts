/**
 * `guard`: Lockgate as Express middleware, for Express 4 and 5.
 *
 * A refusal is written here and ends the request; `next` is called without an argument or not at
 * all. Adds headers, removes none. A request that holds a place (requests in flight, reservations)
 * gives it back when its response is over, also when the client hung up or the handler crashed.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestGate } from '../../engine/gate.ts'
import type { Admission } from '../../http/admission.ts'
import { createAdmission, scopeForMethod } from '../../http/admit.ts'
import { warnOnce } from '../../http/foot-guns.ts'
import { Passport, type RequestIdentity } from '../../http/passport.ts'
import { createRefuse } from '../../http/refusal.ts'
import { onResponseEnd } from '../../http/response-end.ts'
import { ResponseLifetime } from '../../http/response-lifetime.ts'
import { registerRouteLimits } from '../../http/route-limits.ts'
import { writeRefusal } from '../../http/write-refusal.ts'
import { type GuardOptions, readGuardOptions } from './guard-options.ts'

declare global {
  namespace Express {
    interface Request {
      /** Who the request comes from; set by Lockgate's `guard`, absent where none is mounted. */
      lockgate: RequestIdentity
    }
  }
}

/** The part of an Express request that the guard needs. */
export interface GuardedRequest extends IncomingMessage {
  originalUrl?: string
  lockgate?: RequestIdentity
}

export type GuardMiddleware<Req extends GuardedRequest = GuardedRequest> = (
  req: Req,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void

/**
 * Middleware that lets a request through when `gate` does. Throws ConfigError for bad options.
 *
 * @example
 * app.use('/v1', guard(gate, { scope: 'write' }))
 * app.post('/v1/clean', (req, res) => res.json({ owner: req.lockgate.owner }))
 */
export function guard<Req extends GuardedRequest = GuardedRequest>(
  gate: RequestGate,
  options: GuardOptions<Req> = {},
): GuardMiddleware<Req> {
  const { scope, cost, limits } = readGuardOptions(options)
  const route = registerRouteLimits(gate, limits)
  const admit = createAdmission(gate)
  const refuse = createRefuse(gate.http)
  const isPlain = cost === undefined && route === undefined

  function proceed(req: Req, res: ServerResponse, next: () => void, admission: Admission): void {
    if (!admission.admitted) {
      writeRefusal(res, admission.refusal)
      return
    }
    const { allowed, identity, requestId } = admission
    if (allowed.mustSettle) onResponseEnd(req, res, () => gate.settle(allowed, requestId))
    if (res.closed || res.headersSent) return
    for (const [name, value] of admission.headers) res.setHeader(name, value)
    const lifetime = new ResponseLifetime(req, res)
    req.lockgate = new Passport(gate, identity, requestId, allowed.limits, lifetime)
    next()
  }

  /** A guard outside has charged the request; what is left to ask is the scope. */
  function proceedAgain(passport: Passport, needed: string, res: ServerResponse, next: () => void) {
    warnOnce(gate, 'guarded_twice')
    const { requestId, scopes } = passport
    if (scopes.includes(needed)) next()
    else writeRefusal(res, refuse('insufficient_scope', { requestId, scope: needed }))
  }

  return function lockgateGuard(req, res, next) {
    const { method = '', rawHeaders } = req
    const needed = scope ?? scopeForMethod(method)
    const passport = Passport.from(gate, req.lockgate)
    if (passport !== undefined && isPlain) {
      proceedAgain(passport, needed, res, next)
      return
    }
    const target = req.originalUrl ?? req.url ?? ''
    const { remoteAddress } = req.socket
    const units = typeof cost === 'function' ? () => cost(req) : cost
    const request = { method, target, rawHeaders, remoteAddress }
    const outerLimits = cost === undefined ? passport?.limits : undefined
    const admission = admit(request, { scope: needed, cost: units, route, outerLimits })
    if (admission instanceof Promise) {
      void admission.then((settled) => proceed(req, res, next, settled))
    } else proceed(req, res, next, admission)
  }
}

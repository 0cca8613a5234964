/** `lockgate/express`: the guard for Express 4 and 5. */
export type { LimitInput } from '../../core/limits/limit-input.ts'
export type { CallDenial, CallToHold, CallUse, HeldCall } from '../../http/held-call.ts'
export type { RequestIdentity } from '../../http/passport.ts'
export { type GuardedRequest, type GuardMiddleware, guard } from './guard.ts'
export type { GuardOptions } from './guard-options.ts'
export { type SpendErrorHandler, spendErrors } from './spend-errors.ts'

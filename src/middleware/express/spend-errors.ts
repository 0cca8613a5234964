/**
 * `spendErrors`: an Express error handler that turns the errors of a metered client, which its SDK made of
 * a refusal, back into that refusal. All others go on to the next error handler.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Passport } from '../../http/passport.ts'
import { refusedCallOf } from '../../http/refused-call.ts'
import type { GuardedRequest } from './guard.ts'

/** Express knows an error handler by its four parameters. */
export type SpendErrorHandler<Req extends GuardedRequest = GuardedRequest> = (
  error: unknown,
  req: Req,
  res: ServerResponse<IncomingMessage>,
  next: (error?: unknown) => void,
) => void

/**
 * Put it before your own error handlers: `app.use(spendErrors())`. A call that was refused answers as the
 * guard does, with 429 `spend_exceeded` and Retry-After, or 403 `model_not_allowed`; so does a stream that
 * was cut, where nothing of the response has been sent.
 */
export function spendErrors<Req extends GuardedRequest = GuardedRequest>(): SpendErrorHandler<Req> {
  return function lockgateSpendErrors(error, req, res, next) {
    const caller = Passport.callerOf(req.lockgate)
    const denial = caller && refusedCallOf(error, caller)
    if (denial === undefined || res.headersSent) next(error)
    else denial.send(res)
  }
}

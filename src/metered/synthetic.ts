/**
 * Answers that come from here and not from the API, in the form of the API, so that the SDK makes its own
 * errors of them; and the marks by which such an error is known again.
 */
import type { CallDenial } from '../http/held-call.ts'
import { CALL_HEADER, CODE_HEADER } from '../http/refused-call.ts'

/** What an app has to see as an error, but not as one of the API: the client of its request has left. */
const CLIENT_GONE_STATUS = 499

export interface Addressee {
  readonly requestId: string
  readonly isAnthropic: boolean
}

/** A retry of the SDK would be refused as well; but what is said to pass soon (503) may be tried again. */
export function refusalResponse(denial: CallDenial, to: Addressee): Response {
  const { status, code, message, retryAfterSeconds } = denial
  const headers = new Headers({ [CALL_HEADER]: to.requestId, [CODE_HEADER]: code })
  if (retryAfterSeconds !== undefined) headers.set('retry-after', String(retryAfterSeconds))
  return synthetic(status, { code, message, headers }, to)
}

/** The call cannot be metered, so it cannot be sent; said as the API would. */
export function invalidResponse(
  status: number,
  { code, message }: { readonly code: string; readonly message: string },
  to: Addressee,
): Response {
  return synthetic(status, { code, message, headers: new Headers() }, to)
}

export const clientGoneResponse = (to: Addressee): Response =>
  synthetic(
    CLIENT_GONE_STATUS,
    { code: 'client_gone', message: CLIENT_GONE, headers: new Headers() },
    to,
  )

export const CLIENT_GONE = 'The client of this request is gone; the call was stopped.'

function synthetic(
  status: number,
  { code, message, headers }: { readonly code: string; message: string; headers: Headers },
  { requestId: request_id, isAnthropic }: Addressee,
): Response {
  headers.set('content-type', 'application/json')
  if (status < 500) headers.set('x-should-retry', 'false')
  const body = isAnthropic
    ? { type: 'error', error: { type: code, message }, request_id }
    : { error: { message, type: code, code, param: null, request_id } }
  return new Response(JSON.stringify(body), { status, headers })
}

/**
 * Refusals that come to a handler as errors of an SDK (see `src/metered`), and how they are known again:
 * by headers that the answer has from here, and by what this very request was refused.
 */
import type { CallDenial, Caller } from './held-call.ts'

/** On what passed through metering: the id of the request that pays. */
export const CALL_HEADER = 'x-lockgate-call'
/** On an answer that is a refusal: its code. */
export const CODE_HEADER = 'x-lockgate-code'

const CUT_CODE = 'spend_exceeded'

/** The refusal that `error` is, of a call that this caller made; undefined for any other error. */
export function refusedCallOf(error: unknown, caller: Caller): CallDenial | undefined {
  const { denial } = caller.last
  const headers = memberOf(error, 'headers')
  if (denial === undefined || !(headers instanceof Headers)) return undefined
  if (headers.get(CALL_HEADER) !== caller.requestId) return undefined
  const code = headers.get(CODE_HEADER)
  if (code !== null) return code === denial.code ? denial : undefined
  return isCut(error) && denial.code === CUT_CODE ? denial : undefined
}

/** The error of a stream that was cut: it has no status, because its answer had begun with 200. */
function isCut(error: unknown): boolean {
  if (memberOf(error, 'status') !== undefined) return false
  return memberOf(error, 'code') === CUT_CODE || memberOf(error, 'type') === CUT_CODE
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

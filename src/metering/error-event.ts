/**
 * The last event of a stream that is cut, in the form in which its protocol reports an error within a
 * stream. No end marker follows it: nothing may look as if the answer were whole.
 */
import type { CallBounds } from './contract.ts'

const CODE = 'spend_exceeded'

/** `sequence`: the next number of a stream of the Responses API. */
export function errorEvent(
  call: Pick<CallBounds, 'protocol'>,
  requestId: string,
  message: string,
  sequence = 0,
): Uint8Array {
  return new TextEncoder().encode(textOf(call, requestId, message, sequence))
}

function textOf(
  { protocol }: Pick<CallBounds, 'protocol'>,
  requestId: string,
  message: string,
  sequence: number,
): string {
  switch (protocol) {
    case 'anthropic-messages': {
      const error = { type: CODE, message }
      return named({ type: 'error', error, request_id: requestId })
    }
    case 'openai-responses':
      return named({ type: 'error', code: CODE, message, param: null, sequence_number: sequence })
    default: {
      const error = { message, type: CODE, code: CODE, param: null, request_id: requestId }
      return `data: ${JSON.stringify({ error })}\n\n`
    }
  }
}

const named = (data: object): string => `event: error\ndata: ${JSON.stringify(data)}\n\n`

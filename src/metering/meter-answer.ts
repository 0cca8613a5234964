/** `meterAnswer`: the meter that fits an answer. */
import { BlindMeter, BodyMeter } from './body-meter.ts'
import type { AnswerHead, AnswerMeter, CallBounds } from './contract.ts'
import { StreamMeter } from './stream-meter.ts'

/**
 * A meter on the answer of a call.
 *
 * ```ts
 * const meter = meterAnswer(call, { status: 200, contentType: 'text/event-stream' })
 * ```
 */
export function meterAnswer(call: CallBounds, head: AnswerHead): AnswerMeter {
  const encoding = head.encoding?.trim().toLowerCase() ?? ''
  if (encoding !== '' && encoding !== 'identity') return new BlindMeter(call, head.status)
  return isEventStream(call, head) ? new StreamMeter(call) : new BodyMeter(call, head.status)
}

/** What says what it is, is believed; of the rest, a call for a stream gets one. */
export function isEventStream(call: CallBounds, { status, contentType }: AnswerHead): boolean {
  if (status >= 400) return false
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type === 'text/event-stream') return true
  return call.isStream && !type.endsWith('json')
}

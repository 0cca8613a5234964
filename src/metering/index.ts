/**
 * Metering: what a call of an AI API asks for, and what its answer used. Pure: text and bytes in, values
 * out; used by the gateway and by the wrapped clients of the library.
 */
export type {
  AiCall,
  AnswerMeter,
  CallBounds,
  Metered,
} from './contract.ts'
export { errorEvent } from './error-event.ts'
export { inputBound } from './input-bound.ts'
export { isObject } from './json-value.ts'
export { MemberFinder } from './member-finder.ts'
export { isEventStream, meterAnswer } from './meter-answer.ts'
export { endpointOf } from './protocol.ts'
export { readCall } from './read-call.ts'

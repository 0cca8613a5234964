/**
 * Metering: what a call of an AI API asks for, and what its answer used. Pure: text and bytes in, values
 * out; used by the gateway and by the wrapped clients of the library.
 */
export type { AiCall, AiProtocol, AnswerMeter, CallPolicy, Metered, ReadCall } from './contract.ts'

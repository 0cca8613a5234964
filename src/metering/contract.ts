/** The shapes of metering: a call that was read, and a meter on its answer. */
import type { TokenUsage } from '../core/spend/amount.ts'

export type AiProtocol =
  | 'openai-chat'
  | 'openai-completions'
  | 'openai-responses'
  | 'openai-embeddings'
  | 'anthropic-messages'

/** What may be asked for: see `SpendPolicy` of the engine. */
export interface CallPolicy {
  readonly maxOutputTokens: number
  /** A larger request is lowered; otherwise only a missing one is set. */
  readonly isClamped: boolean
  allowsModel(model: string): boolean
}

export interface AiCall {
  readonly protocol: AiProtocol
  readonly model: string
  readonly isStream: boolean
  /** What is sent on: the client's bytes, unless something was set or lowered. */
  readonly body: Uint8Array
  /** Upper bound of the input. */
  readonly inputTokens: number
  /** Upper bound of the output, all choices together. */
  readonly outputTokens: number
  /** Usage was asked for on the client's behalf, and is taken out of the stream again. */
  readonly hidesUsage: boolean
}

/** What metering an answer needs of its call: everything but the body, which need not be kept. */
export type CallBounds = Omit<AiCall, 'body'>

export type ReadCall =
  | { readonly kind: 'call'; readonly call: AiCall }
  /** No call of a protocol that is known here. */
  | { readonly kind: 'other' }
  | {
      readonly kind: 'refused'
      readonly code: 'invalid_json' | 'invalid_field' | 'model_not_allowed'
      readonly message: string
    }

/** How an answer begins. */
export interface AnswerHead {
  readonly status: number
  readonly contentType: string | undefined
  /** Content-Encoding; what is encoded cannot be read. */
  readonly encoding?: string | undefined
}

/** What an answer used. */
export interface Metered {
  readonly usage: TokenUsage
  /** The API said so; otherwise it is the documented estimate from what passed. */
  readonly isReported: boolean
}

/**
 * Looks at an answer while it passes. Never throws: what it cannot read passes as it
 * is. Of a stream only whole events go on, so that something can be said between two of them.
 */
export interface AnswerMeter {
  /** What goes on to the client, possibly nothing. The chunk is not kept. */
  write(chunk: Uint8Array): Uint8Array
  /** What is left to go on to the client, once the upstream has ended. */
  end(): Uint8Array
  /** So far, or once it has ended. */
  metered(): Metered
  /** Output of a stream that is certainly there so far, reported or not; 0 elsewhere. */
  readonly producedTokens: number
  /** The next `sequence_number` of a stream of the Responses API; 0 elsewhere. */
  readonly nextSequence: number
}

/** The messages API in Anthropic's form, whole or as a stream from `message_start` to `message_stop`. */
import {
  type FakeAnswer,
  type FakeUsage,
  inRuns,
  type StreamEvent,
  sse,
} from '../fake-upstream/answer.ts'
import { invalid, NOT_AN_OBJECT, unknownModel } from '../fake-upstream/http.ts'
import {
  type FakeMessage,
  parseObject,
  readMaximum,
  readMessages,
  textOf,
} from '../fake-upstream/json.ts'
import type { AnswerContext, ReadRequest } from '../fake-upstream/server.ts'
import { inputTokensOf, type Produced, produce, questionOf } from '../fake-upstream/tokens.ts'

interface Asked {
  readonly model: string
  readonly messages: readonly FakeMessage[]
  readonly maxTokens: number
  readonly isStream: boolean
}

export function readMessage(body: string, context: AnswerContext): ReadRequest {
  const json = parseObject(body)
  if (json === undefined) return { ok: false, error: NOT_AN_OBJECT }
  const { model, max_tokens, system, stream } = json
  if (typeof model !== 'string') return refuse('model: Field required')
  if (!context.models.has(model)) return { ok: false, error: unknownModel(model) }
  const asked = readMessages(json['messages'])
  if (asked === undefined) return refuse('messages: at least one message with text is required')
  const maxTokens = max_tokens === undefined ? undefined : readMaximum(max_tokens)
  if (maxTokens === undefined) return refuse('max_tokens: a whole number of at least 1 is required')
  const text = textOf(system)
  const messages = [...(text === undefined ? [] : [{ role: 'system', text }]), ...asked]
  const request = { model, messages, maxTokens, isStream: stream === true }
  return { ok: true, answer: new MessageAnswer(request, context) }
}

function refuse(message: string): ReadRequest {
  return { ok: false, error: invalid(message) }
}

class MessageAnswer implements FakeAnswer {
  readonly model: string
  readonly isStream: boolean
  readonly isSilent = false
  readonly usage: FakeUsage
  readonly #produced: Produced
  readonly #tokensPerEvent: number
  readonly #serial: number

  constructor(asked: Asked, { faults, serial, tokensPerEvent }: AnswerContext) {
    const { cachedInputTokens = 0, cacheWriteTokens = 0 } = faults
    this.model = asked.model
    this.isStream = asked.isStream
    this.#serial = serial
    this.#tokensPerEvent = tokensPerEvent
    this.#produced = produce(questionOf(asked.messages), asked.maxTokens, faults)
    const inputTokens = inputTokensOf(asked.messages)
    const outputTokens = this.#produced.tokens.length
    this.usage = { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens }
  }

  body(told: FakeUsage | null): string {
    const text = this.#produced.tokens.join('')
    const content = [{ type: 'text', text, citations: null }]
    const usage = told === null ? {} : { usage: usageOf(told, told.outputTokens) }
    return JSON.stringify({ ...this.#message(content, this.#stopReason), ...usage })
  }

  /** The input is told first, the output last. */
  *events(told: FakeUsage | null): Generator<StreamEvent> {
    const event = (kind: StreamEvent['kind'], type: string, fields: object, tokens = 0) => {
      return { text: sse({ type, ...fields }, type), tokens, kind }
    }
    const usage = told === null ? {} : { usage: usageOf(told, 1) }
    const content_block = { type: 'text', text: '', citations: null }
    yield event('head', 'message_start', { message: { ...this.#message([], null), ...usage } })
    yield event('head', 'content_block_start', { index: 0, content_block })
    yield event('head', 'ping', {})
    for (const run of inRuns(this.#produced.tokens, this.#tokensPerEvent)) {
      const delta = { type: 'text_delta', text: run.text }
      yield event('text', 'content_block_delta', { index: 0, delta }, run.tokens)
    }
    yield event('tail', 'content_block_stop', { index: 0 })
    const delta = { stop_reason: this.#stopReason, stop_sequence: null }
    const last = told === null ? {} : { usage: { output_tokens: told.outputTokens } }
    yield event('usage', 'message_delta', { delta, ...last })
    yield event('end', 'message_stop', {})
  }

  get #stopReason(): 'max_tokens' | 'end_turn' {
    return this.#produced.isCut ? 'max_tokens' : 'end_turn'
  }

  #message(content: readonly object[], stop_reason: string | null): object {
    const id = `msg_fake_${this.#serial}`
    const { model } = this
    return {
      id,
      type: 'message',
      role: 'assistant',
      model,
      content,
      stop_reason,
      stop_sequence: null,
    }
  }
}

/** Anthropic's `input_tokens` are those that are neither read from a cache nor written to one. */
function usageOf(usage: FakeUsage, outputTokens: number): object {
  const { inputTokens, cachedInputTokens, cacheWriteTokens } = usage
  return {
    input_tokens: inputTokens - cachedInputTokens - cacheWriteTokens,
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cachedInputTokens,
    output_tokens: outputTokens,
  }
}

/** The responses API in OpenAI's form: text in, one message of text out, whole or as a stream of named events. */
import {
  type FakeAnswer,
  type FakeUsage,
  inRuns,
  type StreamEvent,
  sse,
} from '../fake-upstream/answer.ts'
import { invalid, NOT_AN_OBJECT, unknownModel } from '../fake-upstream/http.ts'
import { type FakeMessage, parseObject, readMaximum, readMessages } from '../fake-upstream/json.ts'
import type { AnswerContext, ReadRequest } from '../fake-upstream/server.ts'
import { inputTokensOf, type Produced, produce, questionOf } from '../fake-upstream/tokens.ts'

interface Asked {
  readonly model: string
  readonly messages: readonly FakeMessage[]
  readonly maxTokens: number
  readonly isStream: boolean
}

export function readResponses(body: string, context: AnswerContext): ReadRequest {
  const json = parseObject(body)
  if (json === undefined) return { ok: false, error: NOT_AN_OBJECT }
  const { model, input, instructions, max_output_tokens, stream } = json
  if (typeof model !== 'string') return refuse('Name the model to use.', 'model')
  if (!context.models.has(model)) return { ok: false, error: unknownModel(model) }
  const asked = typeof input === 'string' ? [{ role: 'user', text: input }] : readMessages(input)
  if (asked === undefined) return refuse('Send input: a text, or messages with text.', 'input')
  const maxTokens = readMaximum(max_output_tokens)
  if (maxTokens === undefined) return refuse('It must be at least 1.', 'max_output_tokens')
  const system = typeof instructions === 'string' ? [{ role: 'system', text: instructions }] : []
  const messages = [...system, ...asked]
  const request = { model, messages, maxTokens, isStream: stream === true }
  return { ok: true, answer: new ModelResponse(request, context) }
}

function refuse(message: string, param: string): ReadRequest {
  return { ok: false, error: invalid(message, param) }
}

class ModelResponse implements FakeAnswer {
  readonly model: string
  readonly isStream: boolean
  readonly isSilent = false
  readonly usage: FakeUsage
  readonly #produced: Produced
  readonly #tokensPerEvent: number
  readonly #serial: number
  readonly #createdAt = Math.floor(Date.now() / 1000)

  constructor(asked: Asked, { faults, serial, tokensPerEvent }: AnswerContext) {
    this.model = asked.model
    this.isStream = asked.isStream
    this.#serial = serial
    this.#tokensPerEvent = tokensPerEvent
    this.#produced = produce(questionOf(asked.messages), asked.maxTokens, faults)
    this.usage = {
      inputTokens: inputTokensOf(asked.messages),
      cachedInputTokens: faults.cachedInputTokens ?? 0,
      cacheWriteTokens: 0,
      outputTokens: this.#produced.tokens.length,
    }
  }

  body(told: FakeUsage | null): string {
    return JSON.stringify(this.#finished(told))
  }

  *events(told: FakeUsage | null): Generator<StreamEvent> {
    const at = { item_id: this.#itemId, output_index: 0, content_index: 0 }
    let sequence_number = 0
    const event = (kind: StreamEvent['kind'], type: string, fields: object, tokens = 0) => {
      const value = { type, sequence_number: sequence_number++, ...fields }
      return { text: sse(value, type), tokens, kind }
    }
    const begun = this.#response('in_progress', [], null)
    const item = this.#message('in_progress', [])
    const text = this.#produced.tokens.join('')
    const done = this.#message('completed', [textPart(text)])
    yield event('head', 'response.created', { response: begun })
    yield event('head', 'response.in_progress', { response: begun })
    yield event('head', 'response.output_item.added', { output_index: 0, item })
    yield event('head', 'response.content_part.added', { ...at, part: textPart('') })
    for (const run of inRuns(this.#produced.tokens, this.#tokensPerEvent)) {
      const fields = { ...at, delta: run.text, logprobs: [] }
      yield event('text', 'response.output_text.delta', fields, run.tokens)
    }
    yield event('tail', 'response.output_text.done', { ...at, text, logprobs: [] })
    yield event('tail', 'response.content_part.done', { ...at, part: textPart(text) })
    yield event('tail', 'response.output_item.done', { output_index: 0, item: done })
    const last = this.#produced.isCut ? 'response.incomplete' : 'response.completed'
    yield event('usage', last, { response: this.#finished(told) })
  }

  get #itemId(): string {
    return `msg-fake-${this.#serial}`
  }

  #finished(told: FakeUsage | null): object {
    const status = this.#produced.isCut ? 'incomplete' : 'completed'
    const message = this.#message(status, [textPart(this.#produced.tokens.join(''))])
    return this.#response(status, [message], told)
  }

  #message(status: string, content: readonly object[]): object {
    return { id: this.#itemId, type: 'message', status, role: 'assistant', content }
  }

  #response(status: string, output: readonly object[], told: FakeUsage | null): object {
    const incomplete_details = status === 'incomplete' ? { reason: 'max_output_tokens' } : null
    return {
      ...{ id: `resp-fake-${this.#serial}`, object: 'response', created_at: this.#createdAt },
      ...{ status, error: null, incomplete_details, model: this.model, output },
      usage: told === null ? null : usageOf(told),
    }
  }
}

const textPart = (text: string): object => ({ type: 'output_text', text, annotations: [] })

function usageOf({ inputTokens, cachedInputTokens, outputTokens }: FakeUsage): object {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedInputTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  }
}

/**
 * A chat completion in OpenAI's form, whole or as the events of a stream. Pure: what is sent, not
 * how; the server decides the pace and stops between events when the client has gone.
 */
import {
  type FakeAnswer,
  type FakeUsage,
  inRuns,
  type StreamEvent,
  sse,
} from '../fake-upstream/answer.ts'
import type { AnswerContext, ReadRequest } from '../fake-upstream/server.ts'
import { type Produced, produce } from '../fake-upstream/tokens.ts'
import { type ChatRequest, parseChatRequest } from './chat-request.ts'

/** Says in every answer that no model was asked. */
export const FAKE_FINGERPRINT = 'fp_local_fake'

export function readChat(body: string, context: AnswerContext): ReadRequest {
  const parsed = parseChatRequest(body, context.models)
  return parsed.ok ? { ok: true, answer: new Completion(parsed.request, context) } : parsed
}

class Completion implements FakeAnswer {
  readonly model: string
  readonly isStream: boolean
  readonly isSilent: boolean
  readonly usage: FakeUsage
  readonly #produced: Produced
  readonly #choices: readonly number[]
  readonly #tokensPerEvent: number
  readonly #envelope: object

  constructor(request: ChatRequest, { faults, serial, tokensPerEvent }: AnswerContext) {
    const { model, stream, includeUsage, question, maxTokens, choices, inputTokens } = request
    this.model = model
    this.isStream = stream
    this.isSilent = stream && !includeUsage
    this.#produced = produce(question, maxTokens, faults)
    this.#choices = Array.from({ length: choices }, (_, index) => index)
    this.#tokensPerEvent = tokensPerEvent
    const { cachedInputTokens = 0 } = faults
    const outputTokens = this.#produced.tokens.length * choices
    this.usage = { inputTokens, cachedInputTokens, cacheWriteTokens: 0, outputTokens }
    const created = Math.floor(Date.now() / 1000)
    this.#envelope = {
      ...{ id: `chatcmpl-fake-${serial}`, object: 'chat.completion', created, model },
      system_fingerprint: FAKE_FINGERPRINT,
    }
  }

  /** The whole answer as one JSON value. */
  body(told: FakeUsage | null): string {
    const content = this.#produced.tokens.join('')
    const choices = this.#choices.map((index) => {
      const message = { role: 'assistant', content, refusal: null }
      return { index, message, logprobs: null, finish_reason: this.#finishReason }
    })
    const usage = told === null ? {} : { usage: usageOf(told) }
    return JSON.stringify({ ...this.#envelope, choices, ...usage })
  }

  /** The events of the answer's stream, the last of them `[DONE]`; choices take turns. */
  *events(told: FakeUsage | null): Generator<StreamEvent> {
    for (const index of this.#choices) {
      yield this.#chunk('head', index, { role: 'assistant', content: '' })
    }
    for (const run of inRuns(this.#produced.tokens, this.#tokensPerEvent)) {
      for (const index of this.#choices) {
        yield this.#chunk('text', index, { content: run.text }, run.tokens)
      }
    }
    for (const index of this.#choices) yield this.#chunk('tail', index, {})
    if (told !== null) {
      const value = { ...this.#envelope, object: CHUNK, choices: [], usage: usageOf(told) }
      yield { text: sse(value), tokens: 0, kind: 'usage' }
    }
    yield { text: 'data: [DONE]\n\n', tokens: 0, kind: 'end' }
  }

  get #finishReason(): 'stop' | 'length' {
    return this.#produced.isCut ? 'length' : 'stop'
  }

  #chunk(kind: StreamEvent['kind'], index: number, delta: object, tokens = 0): StreamEvent {
    const finish_reason = kind === 'tail' ? this.#finishReason : null
    const choices = [{ index, delta, logprobs: null, finish_reason }]
    const usage = this.isSilent ? {} : { usage: null }
    const value = { ...this.#envelope, object: CHUNK, choices, ...usage }
    return { text: sse(value), tokens, kind }
  }
}

const CHUNK = 'chat.completion.chunk'

function usageOf({ inputTokens, cachedInputTokens, outputTokens }: FakeUsage): object {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedInputTokens },
  }
}

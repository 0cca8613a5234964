/**
 * A chat completion in OpenAI's form, whole or as the events of a stream. Pure: what is sent, not
 * how; the server decides the pace and stops between events when the client has gone.
 */
import type { ChatRequest } from './chat-request.ts'
import { cleanText } from './clean-text.ts'
import { TOKENS_PER_MESSAGE, tokensOf } from './tokens.ts'

/** Says in every answer that no model was asked. */
export const FAKE_FINGERPRINT = 'fp_local_fake'

export interface Completion {
  readonly id: string
  readonly model: string
  /** Whole seconds since the epoch. */
  readonly created: number
  readonly tokens: readonly string[]
  readonly finishReason: 'stop' | 'length'
  readonly inputTokens: number
}

export function complete(request: ChatRequest, id: string, created: number): Completion {
  const all = tokensOf(cleanText(request.question))
  const tokens = all.slice(0, request.maxTokens)
  let inputTokens = 0
  for (const message of request.messages) {
    inputTokens += tokensOf(message).length + TOKENS_PER_MESSAGE
  }
  const finishReason = tokens.length < all.length ? 'length' : 'stop'
  return { id, model: request.model, created, tokens, finishReason, inputTokens }
}

/** The whole answer as one JSON value. */
export function completionBody(completion: Completion): string {
  return JSON.stringify({
    ...envelope(completion, 'chat.completion'),
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: completion.tokens.join(''), refusal: null },
        logprobs: null,
        finish_reason: completion.finishReason,
      },
    ],
    usage: usageOf(completion),
  })
}

export interface StreamEvent {
  /** One server-sent event, with the empty line that ends it. */
  readonly text: string
  /** How many tokens of the answer it carries. */
  readonly tokens: number
}

/** The events of the answer's stream, the last of them `[DONE]`. */
export function* completionEvents(
  completion: Completion,
  tokensPerChunk: number,
  includeUsage: boolean,
): Generator<StreamEvent> {
  const chunk = (delta: object, finish: string | null, tokens: number): StreamEvent => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }]
    const usage = includeUsage ? { usage: null } : {}
    const value = { ...envelope(completion, 'chat.completion.chunk'), choices, ...usage }
    return { text: sse(value), tokens }
  }
  yield chunk({ role: 'assistant', content: '' }, null, 0)
  for (let start = 0; start < completion.tokens.length; start += tokensPerChunk) {
    const part = completion.tokens.slice(start, start + tokensPerChunk)
    yield chunk({ content: part.join('') }, null, part.length)
  }
  yield chunk({}, completion.finishReason, 0)
  if (includeUsage) {
    const value = { ...envelope(completion, 'chat.completion.chunk'), choices: [] }
    yield { text: sse({ ...value, usage: usageOf(completion) }), tokens: 0 }
  }
  yield { text: 'data: [DONE]\n\n', tokens: 0 }
}

function envelope(completion: Completion, object: string): object {
  const { id, created, model } = completion
  return { id, object, created, model, system_fingerprint: FAKE_FINGERPRINT }
}

function usageOf(completion: Completion): object {
  const { inputTokens } = completion
  const outputTokens = completion.tokens.length
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: 0 },
  }
}

const sse = (value: object): string => `data: ${JSON.stringify(value)}\n\n`

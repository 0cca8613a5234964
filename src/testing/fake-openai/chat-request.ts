/**
 * Reads a chat completion request as an OpenAI-compatible server does: total (never throws), and a
 * refusal is a value that already has the status and the words of the answer.
 */
import { type ApiError, invalid, NOT_AN_OBJECT, unknownModel } from '../fake-upstream/http.ts'
import { isObject, parseObject, readMaximum, readMessages } from '../fake-upstream/json.ts'
import { inputTokensOf, questionOf } from '../fake-upstream/tokens.ts'

export interface ChatRequest {
  readonly model: string
  readonly inputTokens: number
  /** The text of the last message of the user, which the fake answers. */
  readonly question: string
  readonly stream: boolean
  readonly includeUsage: boolean
  /** Completion tokens of each choice at most; Infinity when the client named none. */
  readonly maxTokens: number
  readonly choices: number
}

export type ParsedChatRequest =
  | { readonly ok: true; readonly request: ChatRequest }
  | { readonly ok: false; readonly error: ApiError }

const MAX_CHOICES = 8

export function parseChatRequest(body: string, models: ReadonlySet<string>): ParsedChatRequest {
  const json = parseObject(body)
  if (json === undefined) return { ok: false, error: NOT_AN_OBJECT }

  const model = json['model']
  if (typeof model !== 'string') return refuse('Name the model to use.', 'model')
  if (!models.has(model)) return { ok: false, error: unknownModel(model) }

  const messages = readMessages(json['messages'])
  if (messages === undefined) return refuse('Send at least one message with text.', 'messages')
  const choices = readMaximum(json['n'] ?? 1)
  if (choices === undefined || choices > MAX_CHOICES) {
    return refuse(`n must be a whole number from 1 to ${MAX_CHOICES}.`, 'n')
  }
  const maxTokens = readMaximum(json['max_completion_tokens'] ?? json['max_tokens'])
  if (maxTokens === undefined) {
    return refuse('max_tokens must be a whole number of at least 1.', 'max_tokens')
  }

  const options = json['stream_options']
  const includeUsage = isObject(options) && options['include_usage'] === true
  const inputTokens = inputTokensOf(messages)
  const asked = { model, inputTokens, question: questionOf(messages), maxTokens, choices }
  return { ok: true, request: { ...asked, stream: json['stream'] === true, includeUsage } }
}

function refuse(message: string, param: string): ParsedChatRequest {
  return { ok: false, error: invalid(message, param) }
}

/**
 * Reads a chat completion request as an OpenAI-compatible server does: total (never throws), and a
 * refusal is a value that already has the status and the words of the answer.
 */

export interface ChatRequest {
  readonly model: string
  /** The text of every message, in order. */
  readonly messages: readonly string[]
  /** The text of the last message of the user, which the fake answers. */
  readonly question: string
  readonly stream: boolean
  readonly includeUsage: boolean
  /** Completion tokens at most; Infinity when the client named none. */
  readonly maxTokens: number
}

/** An answer in OpenAI's error form. */
export interface ApiError {
  readonly status: number
  readonly message: string
  readonly type: string
  readonly param: string | null
  readonly code: string | null
}

export type ParsedChatRequest =
  | { readonly ok: true; readonly request: ChatRequest }
  | { readonly ok: false; readonly error: ApiError }

export function parseChatRequest(body: string, models: ReadonlySet<string>): ParsedChatRequest {
  const json = parseObject(body)
  if (json === undefined) return refuse('The body is not a valid JSON object.', null)

  const model = json['model']
  if (typeof model !== 'string') return refuse('Name the model to use.', 'model')
  if (!models.has(model)) return { ok: false, error: unknownModel(model) }

  const messages = readMessages(json['messages'])
  if (messages === undefined) return refuse('Send at least one message with text.', 'messages')
  if (json['n'] !== undefined && json['n'] !== 1) return refuse('Only n = 1 is served.', 'n')

  const cap = json['max_completion_tokens'] ?? json['max_tokens'] ?? Number.POSITIVE_INFINITY
  if (typeof cap !== 'number' || !(cap >= 1) || (cap !== Infinity && !Number.isSafeInteger(cap))) {
    return refuse('max_tokens must be a whole number of at least 1.', 'max_tokens')
  }

  const options = json['stream_options']
  const includeUsage = isObject(options) && options['include_usage'] === true
  const question = messages.findLast(({ role }) => role === 'user')?.text ?? ''
  const texts = messages.map(({ text }) => text)
  const stream = json['stream'] === true
  return {
    ok: true,
    request: { model, messages: texts, question, stream, includeUsage, maxTokens: cap },
  }
}

interface Message {
  readonly role: unknown
  readonly text: string
}

function readMessages(value: unknown): readonly Message[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined
  const messages: Message[] = []
  for (const entry of value) {
    const text = isObject(entry) ? textOf(entry['content']) : undefined
    if (text === undefined) return undefined
    messages.push({ role: entry.role, text })
  }
  return messages
}

/** A message's content: a string, or a list of parts of which those with text count. */
function textOf(content: unknown): string | undefined {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return undefined
  const parts = content.map((part: unknown) => (isObject(part) ? part['text'] : undefined))
  return parts.filter((text) => typeof text === 'string').join('')
}

function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuse(message: string, param: string | null): ParsedChatRequest {
  const error = { status: 400, message, type: 'invalid_request_error', param, code: null }
  return { ok: false, error }
}

function unknownModel(model: string): ApiError {
  return {
    status: 404,
    message: `The model '${model}' is not served here.`,
    type: 'invalid_request_error',
    param: 'model',
    code: 'model_not_found',
  }
}

/**
 * The most output tokens that a call can have: its maximum, lowered or set by the policy, for each of
 * its choices.
 */
import type { AiProtocol, CallPolicy } from './contract.ts'
import { isObject, type JsonObject } from './json-value.ts'

export type OutputBound =
  | {
      readonly ok: true
      /** All choices together. */
      readonly tokens: number
      /** Members to set, by name. */
      readonly set: ReadonlyMap<string, number>
    }
  | { readonly ok: false; readonly message: string }

/** Beyond it no bill could be exact any more. */
const MAX_TOKENS = 1_000_000_000
/** What the API takes where a completion names no maximum. */
const COMPLETION_DEFAULT_TOKENS = 16

const FIELDS: Readonly<Record<AiProtocol, readonly string[]>> = {
  'openai-chat': ['max_tokens', 'max_completion_tokens'],
  'openai-completions': ['max_tokens'],
  'openai-responses': ['max_output_tokens'],
  'openai-embeddings': [],
  'anthropic-messages': ['max_tokens'],
}

export function outputBound(
  protocol: AiProtocol,
  model: string,
  body: JsonObject,
  policy: CallPolicy,
): OutputBound {
  const fields = FIELDS[protocol]
  if (fields.length === 0) return { ok: true, tokens: 0, set: new Map() }
  const wrong = ['n', 'best_of', ...fields].find((name) => !isCountOrAbsent(body[name]))
  if (wrong !== undefined) {
    return { ok: false, message: `${wrong} must be a whole number from 1 to ${MAX_TOKENS}.` }
  }
  const set = new Map<string, number>()
  let each = 0
  for (const name of fields) {
    const asked = countOf(body[name])
    if (asked === undefined) continue
    const most = policy.isClamped ? Math.min(asked, policy.maxOutputTokens) : asked
    if (most < asked) set.set(name, most)
    each = Math.max(each, most)
  }
  if (each === 0) {
    each = defaultOf(protocol, policy.maxOutputTokens)
    set.set(defaultField(protocol, model), each)
  }
  const tokens = each * choicesOf(protocol, body)
  if (tokens > MAX_TOKENS) {
    return { ok: false, message: `All choices together may have ${MAX_TOKENS} tokens at most.` }
  }
  return { ok: true, tokens, set }
}

/** Models of OpenAI that reason take no `max_tokens`, and do not show all that they produce. */
export function isReasoning(model: string): boolean {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase()
  return name.startsWith('gpt-5') || ['o1', 'o3', 'o4'].includes(name.split('-', 1)[0] ?? '')
}

function defaultField(protocol: AiProtocol, model: string): string {
  if (protocol === 'openai-responses') return 'max_output_tokens'
  return protocol === 'openai-chat' && isReasoning(model) ? 'max_completion_tokens' : 'max_tokens'
}

const defaultOf = (protocol: AiProtocol, most: number): number =>
  protocol === 'openai-completions' ? Math.min(COMPLETION_DEFAULT_TOKENS, most) : most

function choicesOf(protocol: AiProtocol, body: JsonObject): number {
  if (protocol !== 'openai-chat' && protocol !== 'openai-completions') return 1
  const n = Math.max(countOf(body['n']) ?? 1, countOf(body['best_of']) ?? 1)
  return protocol === 'openai-completions' ? n * promptsIn(body['prompt']) : n
}

/** A list of texts or of lists of tokens is as many prompts; a list of tokens is one. */
function promptsIn(prompt: unknown): number {
  if (!Array.isArray(prompt)) return 1
  const isMany = prompt.some(
    (one) => typeof one === 'string' || Array.isArray(one) || isObject(one),
  )
  return isMany ? prompt.length : 1
}

const isCountOrAbsent = (value: unknown): boolean =>
  value === undefined || value === null || countOf(value) !== undefined

function countOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= MAX_TOKENS
    ? Number(value)
    : undefined
}

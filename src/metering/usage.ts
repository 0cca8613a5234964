/**
 * What the APIs call usage, in one form. A number that cannot be a count of tokens makes all of it
 * unbelievable: then the answer has said nothing.
 */
import { NO_USAGE, type TokenUsage } from '../core/spend/amount.ts'
import type { AiProtocol } from './contract.ts'
import { isObject, type JsonObject, objectOf } from './json-value.ts'

/** No call has more. */
const MAX_TOKENS = 1_000_000_000

/** undefined where it is no usage, or cannot be believed. */
export function readUsage(protocol: AiProtocol, value: unknown): TokenUsage | undefined {
  if (!isObject(value)) return undefined
  switch (protocol) {
    case 'openai-chat':
    case 'openai-completions':
      return openAiUsage(value['prompt_tokens'], value['completion_tokens'], {
        details: value['prompt_tokens_details'],
      })
    case 'openai-responses':
      return openAiUsage(value['input_tokens'], value['output_tokens'], {
        details: value['input_tokens_details'],
      })
    case 'openai-embeddings':
      return openAiUsage(value['prompt_tokens'], 0, { details: undefined })
    case 'anthropic-messages':
      return anthropicUsage(value)
  }
}

function openAiUsage(
  input: unknown,
  output: unknown,
  { details }: { readonly details: unknown },
): TokenUsage | undefined {
  const cached = objectOf(details)?.['cached_tokens'] ?? 0
  if (!isCount(input) || !isCount(output) || !isCount(cached)) return undefined
  return {
    inputTokens: input,
    cachedInputTokens: Math.min(cached, input),
    cacheWriteTokens: 0,
    outputTokens: output,
  }
}

/** Anthropic's `input_tokens` are those that no cache had a part in. */
function anthropicUsage(value: JsonObject): TokenUsage | undefined {
  const input = value['input_tokens']
  const written = value['cache_creation_input_tokens'] ?? 0
  const read = value['cache_read_input_tokens'] ?? 0
  const output = value['output_tokens']
  if (!isCount(input) || !isCount(written) || !isCount(read) || !isCount(output)) return undefined
  return {
    inputTokens: input + written + read,
    cachedInputTokens: read,
    cacheWriteTokens: written,
    outputTokens: output,
  }
}

/**
 * The usage of `message_delta`: counts so far, of which older servers send the output only. What it
 * leaves out is as `message_start` said.
 */
export function laterUsage(start: TokenUsage, value: unknown): TokenUsage | undefined {
  if (!isObject(value)) return undefined
  if (value['input_tokens'] !== undefined && value['input_tokens'] !== null) {
    return anthropicUsage(value)
  }
  const output = value['output_tokens']
  return isCount(output) ? { ...start, outputTokens: output } : undefined
}

/** What is charged where an answer did not say: at most all that was asked for. */
export function estimated(inputTokens: number, outputTokens: number): TokenUsage {
  return { ...NO_USAGE, inputTokens, outputTokens }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MAX_TOKENS
}

/**
 * The prices that are shipped: list prices of November 2025, as the providers publish them.
 *
 * OpenAI (standard tier, text): https://platform.openai.com/docs/pricing
 * Anthropic (cache writes for five minutes): https://platform.claude.com/docs/en/about-claude/pricing
 *
 * Models that bill audio, images or searches beside their text are not here: priced by their text they
 * would be too cheap. What is not here costs what the dearest of the table costs, until it is configured.
 */
import type { ModelPrice } from './prices.ts'

/** The month in which they were read. */
export const SHIPPED_PRICES_DATE = '2025-11'

/** Dollars per million tokens: input, input from a cache, output. */
type OpenAiPrice = readonly [input: number, cachedInput: number, output: number]
/** Dollars per million tokens: input, input to a cache, input from a cache, output. */
type AnthropicPrice = readonly [
  input: number,
  cacheWrite: number,
  cachedInput: number,
  output: number,
]

const OPENAI: Readonly<Record<string, OpenAiPrice>> = {
  'gpt-5.1': [1.25, 0.125, 10],
  'gpt-5.1-chat': [1.25, 0.125, 10],
  'gpt-5.1-codex': [1.25, 0.125, 10],
  'gpt-5.1-codex-max': [1.25, 0.125, 10],
  'gpt-5.1-codex-mini': [0.25, 0.025, 2],
  'gpt-5': [1.25, 0.125, 10],
  'gpt-5-chat': [1.25, 0.125, 10],
  'gpt-5-codex': [1.25, 0.125, 10],
  'gpt-5-mini': [0.25, 0.025, 2],
  'gpt-5-nano': [0.05, 0.005, 0.4],
  'gpt-5-pro': [15, 15, 120],
  'gpt-4.1': [2, 0.5, 8],
  'gpt-4.1-mini': [0.4, 0.1, 1.6],
  'gpt-4.1-nano': [0.1, 0.025, 0.4],
  'gpt-4o': [2.5, 1.25, 10],
  'gpt-4o-2024-05-13': [5, 5, 15],
  'gpt-4o-mini': [0.15, 0.075, 0.6],
  'chatgpt-4o': [5, 5, 15],
  o1: [15, 7.5, 60],
  'o1-pro': [150, 150, 600],
  'o1-preview': [15, 7.5, 60],
  'o1-mini': [1.1, 0.55, 4.4],
  o3: [2, 0.5, 8],
  'o3-pro': [20, 20, 80],
  'o3-mini': [1.1, 0.55, 4.4],
  'o4-mini': [1.1, 0.275, 4.4],
  'codex-mini': [1.5, 0.375, 6],
  'gpt-4-turbo': [10, 10, 30],
  'gpt-4-turbo-preview': [10, 10, 30],
  'gpt-4-0125-preview': [10, 10, 30],
  'gpt-4-1106-preview': [10, 10, 30],
  'gpt-4': [30, 30, 60],
  'gpt-4-32k': [60, 60, 120],
  'gpt-3.5-turbo': [0.5, 0.5, 1.5],
  'gpt-3.5-turbo-1106': [1, 1, 2],
  'gpt-3.5-turbo-0613': [1.5, 1.5, 2],
  'gpt-3.5-turbo-16k': [3, 3, 4],
  'gpt-3.5-turbo-instruct': [1.5, 1.5, 2],
  'davinci-002': [2, 2, 2],
  'babbage-002': [0.4, 0.4, 0.4],
  'text-embedding-3-small': [0.02, 0.02, 0],
  'text-embedding-3-large': [0.13, 0.13, 0],
  'text-embedding-ada-002': [0.1, 0.1, 0],
}

const ANTHROPIC: Readonly<Record<string, AnthropicPrice>> = {
  'claude-opus-4-5': [5, 6.25, 0.5, 25],
  'claude-opus-4-1': [15, 18.75, 1.5, 75],
  'claude-opus-4-0': [15, 18.75, 1.5, 75],
  'claude-opus-4': [15, 18.75, 1.5, 75],
  'claude-sonnet-4-5': [3, 3.75, 0.3, 15],
  'claude-sonnet-4-0': [3, 3.75, 0.3, 15],
  'claude-sonnet-4': [3, 3.75, 0.3, 15],
  'claude-haiku-4-5': [1, 1.25, 0.1, 5],
  'claude-3-7-sonnet': [3, 3.75, 0.3, 15],
  'claude-3-5-sonnet': [3, 3.75, 0.3, 15],
  'claude-3-5-haiku': [0.8, 1, 0.08, 4],
  'claude-3-opus': [15, 18.75, 1.5, 75],
  'claude-3-sonnet': [3, 3.75, 0.3, 15],
  'claude-3-haiku': [0.25, 0.3, 0.03, 1.25],
}

/** By the model's name without its date. */
export const SHIPPED_PRICES: ReadonlyMap<string, ModelPrice> = new Map([
  ...Object.entries(OPENAI).map(([model, [input, cachedInput, output]]) =>
    entry(model, { input, cachedInput, cacheWrite: input, output }),
  ),
  ...Object.entries(ANTHROPIC).map(([model, [input, cacheWrite, cachedInput, output]]) =>
    entry(model, { input, cachedInput, cacheWrite, output }),
  ),
])

function entry(
  model: string,
  dollars: Readonly<Record<'input' | 'cachedInput' | 'cacheWrite' | 'output', number>>,
): readonly [string, ModelPrice] {
  const price = {
    inputPicoUsd: picoUsd(dollars.input),
    cachedInputPicoUsd: picoUsd(dollars.cachedInput),
    cacheWritePicoUsd: picoUsd(dollars.cacheWrite),
    outputPicoUsd: picoUsd(dollars.output),
    perRequestMicroUsd: 0,
  }
  return [model, Object.freeze(price)]
}

/** Of a token. The prices above have few digits, so the nearest whole number is the exact one. */
function picoUsd(dollarsPerMillion: number): number {
  return Math.round(dollarsPerMillion * 1_000_000)
}

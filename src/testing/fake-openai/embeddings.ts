/** Embeddings in OpenAI's form: vectors of a few numbers that depend on the text alone. */
import type { FakeAnswer, FakeUsage } from '../fake-upstream/answer.ts'
import { invalid, NOT_AN_OBJECT, unknownModel } from '../fake-upstream/http.ts'
import { parseObject } from '../fake-upstream/json.ts'
import type { AnswerContext, ReadRequest } from '../fake-upstream/server.ts'
import { tokensOf } from '../fake-upstream/tokens.ts'

const DIMENSIONS = 8

export function readEmbeddings(body: string, context: AnswerContext): ReadRequest {
  const json = parseObject(body)
  if (json === undefined) return { ok: false, error: NOT_AN_OBJECT }
  const { model, input, encoding_format } = json
  if (typeof model !== 'string') return refuse('Name the model to use.', 'model')
  if (!context.models.has(model)) return { ok: false, error: unknownModel(model) }
  const texts = readTexts(input)
  if (texts === undefined) return refuse('Send input: a text, tokens, or a list of them.', 'input')
  return { ok: true, answer: embeddings(model, texts, encoding_format === 'base64') }
}

function refuse(message: string, param: string): ReadRequest {
  return { ok: false, error: invalid(message, param) }
}

type Input = string | readonly number[]

function readTexts(input: unknown): readonly Input[] | undefined {
  if (typeof input === 'string' || isTokens(input)) return [input]
  if (!Array.isArray(input) || input.length === 0) return undefined
  const isList = input.every((each: unknown) => typeof each === 'string' || isTokens(each))
  return isList ? (input as Input[]) : undefined
}

function isTokens(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => Number.isInteger(each))
}

function embeddings(model: string, texts: readonly Input[], isBase64: boolean): FakeAnswer {
  const counts = texts.map((text) => (typeof text === 'string' ? tokensOf(text) : text).length)
  const inputTokens = counts.reduce((sum, count) => sum + count, 0)
  const usage = { inputTokens, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0 }
  const data = texts.map((text, index) => {
    const vector = vectorOf(text)
    const embedding = isBase64 ? Buffer.from(vector.buffer).toString('base64') : [...vector]
    return { object: 'embedding', index, embedding }
  })
  return {
    ...{ model, usage, isStream: false, isSilent: false },
    body: (told) => JSON.stringify({ object: 'list', data, model, ...usageOf(told) }),
    events: () => [],
  }
}

function usageOf(told: FakeUsage | null): object {
  if (told === null) return {}
  return { usage: { prompt_tokens: told.inputTokens, total_tokens: told.inputTokens } }
}

/** Sums of character codes, by place, scaled into 0 to 1. */
function vectorOf(text: Input): Float32Array {
  const vector = new Float32Array(DIMENSIONS)
  const codes = typeof text === 'string' ? [...text].map((each) => each.charCodeAt(0)) : text
  codes.forEach((code, i) => {
    vector[i % DIMENSIONS] = ((vector[i % DIMENSIONS] ?? 0) + code / 65_536) % 1
  })
  return vector
}

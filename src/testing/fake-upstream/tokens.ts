/**
 * Tokens as local fakes count them: up to four characters of a word and the space after it.
 * Not a model's tokenizer, but near its usual length for English, and the same on every run.
 */
import { cleanText } from './clean-text.ts'
import type { FakeFaults } from './faults.ts'
import type { FakeMessage } from './json.ts'

/** What every message adds to a prompt beside its text: role and separators. */
const TOKENS_PER_MESSAGE = 4

/** Three letters and a space: four bytes, so that any count of bytes is one of tokens, too. */
const WORDS = ['the ', 'cat ', 'sat ', 'and ', 'ate ', 'one ', 'fat ', 'rat '] as const

/** The text cut into tokens; joined they are the text again. */
export function tokensOf(text: string): readonly string[] {
  return text.match(/\s+|\S{1,4}\s*/gu) ?? []
}

export function inputTokensOf(messages: readonly FakeMessage[]): number {
  return messages.reduce((sum, { text }) => sum + tokensOf(text).length + TOKENS_PER_MESSAGE, 0)
}

export interface Produced {
  readonly tokens: readonly string[]
  /** The maximum cut it. */
  readonly isCut: boolean
}

/** The answer to a question: the text, cleaned, or as many words as the faults ask for. */
export function produce(question: string, maxTokens: number, faults: FakeFaults): Produced {
  const { outputTokens, ignoresMaxTokens = false } = faults
  const all = outputTokens === undefined ? tokensOf(cleanText(question)) : wordsOf(outputTokens)
  const tokens = ignoresMaxTokens ? all : all.slice(0, maxTokens)
  return { tokens, isCut: tokens.length < all.length }
}

function wordsOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => WORDS[i % WORDS.length] ?? '')
}

/** The text of the last message of the user, which fakes answer. */
export function questionOf(messages: readonly FakeMessage[]): string {
  return messages.findLast(({ role }) => role === 'user')?.text ?? ''
}

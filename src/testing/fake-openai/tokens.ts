/**
 * Tokens as the local fake counts them: up to four characters of a word and the space after it.
 * Not a model's tokenizer, but near its usual length for English, and the same on every run.
 */

/** The text cut into tokens; joined they are the text again. */
export function tokensOf(text: string): readonly string[] {
  return text.match(/\s+|\S{1,4}\s*/gu) ?? []
}

/** What every message adds to a prompt beside its text: role and separators. */
export const TOKENS_PER_MESSAGE = 4

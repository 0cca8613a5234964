/** Names of models as they are allowed: whole, or how they begin. Pure. */

const MODEL_PATTERN = /^[\x21-\x29\x2b-\x7e]{0,255}(?:[\x21-\x29\x2b-\x7e]|\*)$/

/** Completes "must be …". */
export const MODEL_PATTERN_RULE =
  'the name of a model, such as "gpt-4o-mini", or how names begin, such as "gpt-4o*"; "*" stands only at the end'

/** 1 to 256 visible ASCII characters; a `*` at the end covers what begins with the rest. */
export const isModelPattern = (text: string): boolean => MODEL_PATTERN.test(text)

/**
 * The answer of the local fake: the user's text, cleaned by fixed rules, so that an example app
 * behaves like the real thing without a model, a network or a bill.
 *
 * Pure and deterministic; every expression is linear in the length of the text.
 */

/** Slips that a model would fix, in lower case. Whole words only. */
const SLIPS: ReadonlyMap<string, string> = new Map([
  ['teh', 'the'],
  ['recieve', 'receive'],
  ['recieved', 'received'],
  ['definately', 'definitely'],
  ['seperate', 'separate'],
  ['occured', 'occurred'],
  ['adress', 'address'],
  ['wich', 'which'],
  ['thier', 'their'],
  ['untill', 'until'],
  ['tommorow', 'tomorrow'],
  ['dont', "don't"],
  ['cant', "can't"],
  ['im', "I'm"],
  ['i', 'I'],
])

/**
 * The text with single spaces, known slips fixed, no doubled words, tidy punctuation, capitals at
 * the start of sentences and a full stop at the end. Paragraphs stay apart.
 *
 * @example cleanText('teh  the report ,is late !!') // 'The report, is late!'
 */
export function cleanText(text: string): string {
  return text
    .normalize('NFC')
    .split(/\r?\n\r?\n/)
    .map(cleanParagraph)
    .filter((paragraph) => paragraph !== '')
    .join('\n\n')
}

function cleanParagraph(paragraph: string): string {
  const words = tidyMarks(paragraph).split(' ')
  const text = withoutRepeats(words.map(fixWord))
    .join(' ')
    .replace(/(^|[.!?] )(\p{Ll})/gu, (_, before: string, letter: string) => {
      return before + letter.toUpperCase()
    })
  return /[\p{L}\p{N}]$/u.test(text) ? `${text}.` : text
}

/** Single spaces, none before a punctuation mark, one after it where a letter follows. */
function tidyMarks(paragraph: string): string {
  return paragraph
    .split(/\s+/)
    .filter((word) => word !== '')
    .join(' ')
    .replace(/ (?=[,.;:!?])/g, '')
    .replace(/([,;:!?.])\1+/g, (run, mark: string) => (run === '...' ? run : mark))
    .replace(/([,;!?])(?=\p{L})/gu, '$1 ')
}

function fixWord(word: string): string {
  const match = /^(\p{L}+)(\P{L}*)$/u.exec(word)
  const fixed = match?.[1] === undefined ? undefined : SLIPS.get(match[1].toLowerCase())
  return fixed === undefined ? word : fixed + (match?.[2] ?? '')
}

function withoutRepeats(words: readonly string[]): readonly string[] {
  return words.filter((word, index) => {
    return index === 0 || word.toLowerCase() !== words[index - 1]?.toLowerCase()
  })
}

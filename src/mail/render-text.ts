/** A letter as plain text, narrow enough for a small window. Links stand alone on their lines. */
import type { Fact, Letter } from './letters/letter.ts'

const WIDTH = 68

export function renderText(letter: Letter): string {
  const { title, paragraphs, facts, action, steps, footer } = letter
  const blocks = [
    title,
    ...paragraphs,
    ...(action === null ? [] : [`${action.label}:\n${action.url}`, action.note]),
    factLines(facts),
    ...steps,
    `-- \n${wrapped(footer)}`,
  ]
  return `${blocks.map(wrappedBlock).join('\n\n')}\n`
}

function factLines(facts: readonly Fact[]): string {
  const column = Math.max(0, ...facts.map(({ label }) => label.length)) + 2
  return facts.map(({ label, value }) => `${`${label}:`.padEnd(column)}${value}`).join('\n')
}

/** Blocks that have lines of their own keep them. */
const wrappedBlock = (block: string): string => (block.includes('\n') ? block : wrapped(block))

/** Broken at spaces; a word that is longer than a line has one for itself. */
function wrapped(text: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && longer.length > WIDTH) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line].join('\n')
}

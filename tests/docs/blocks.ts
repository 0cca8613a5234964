/**
 * Fenced blocks of Markdown pages, and what their first line asks for. The convention is written
 * down in CONTRIBUTING.md: the language says how a block is checked, words after it say more.
 */
export interface Block {
  readonly page: string
  /** Of the opening fence, from 1. */
  readonly line: number
  readonly language: string
  /** `run`, `background`, `repo`, `elsewhere`. */
  readonly words: readonly string[]
  /** From `file=NAME`: the block is that file of the page's folder. */
  readonly file: string | undefined
  readonly text: string
}

const FENCE = /^( *)(```+|~~~+)(.*)$/

/** All fenced blocks of a page, in order. Throws where a fence is never closed. */
export function readBlocks(page: string, markdown: string): Block[] {
  const blocks: Block[] = []
  const lines = markdown.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const fence = FENCE.exec(lines[at] ?? '')
    if (fence === null) continue
    const [, indent = '', marks = '', info = ''] = fence
    const end = lines.findIndex((line, i) => i > at && line.trim() === marks)
    if (end === -1) throw new Error(`${page}:${at + 1}: this block is never closed`)
    const text = lines.slice(at + 1, end).map((line) => line.slice(indent.length))
    blocks.push({ page, line: at + 1, ...readInfo(info), text: `${text.join('\n')}\n` })
    at = end
  }
  return blocks
}

function readInfo(info: string): Pick<Block, 'language' | 'words' | 'file'> {
  const [language = '', ...words] = info.trim().split(/\s+/)
  const file = words.find((word) => word.startsWith('file='))?.slice('file='.length)
  return { language, words: words.filter((word) => !word.startsWith('file=')), file }
}

/** Languages that are checked, and those that only show something. */
const CODE = ['ts', 'js', 'sh', 'json']
const SHOWN = ['console', 'text', 'http', 'yaml', 'toml', 'ini', 'sql', 'diff', 'mermaid']

const WORDS: Readonly<Record<string, readonly string[]>> = {
  ts: ['run', 'background'],
  js: ['run', 'background'],
  sh: ['background', 'repo', 'elsewhere'],
}

/** What is wrong with the first line of a block; undefined when nothing is. */
export function infoProblem({ page, line, language, words, file }: Block): string | undefined {
  if (!CODE.includes(language) && !SHOWN.includes(language)) {
    return `${page}:${line}: unknown language "${language}"; see CONTRIBUTING.md`
  }
  const stranger = words.find((word) => !WORDS[language]?.includes(word))
  if (stranger !== undefined) return `${page}:${line}: unknown word "${stranger}" after ${language}`
  if (file !== undefined && !/^[\w.-]+$/.test(file)) return `${page}:${line}: bad name ${file}`
  return undefined
}

/**
 * What the program writes. Results go to stdout, all else to stderr; colours only on a terminal and
 * without NO_COLOR. Text that others chose (names, owners) cannot control the terminal.
 */
import { once } from 'node:events'
import { styleText } from 'node:util'
import Table from 'cli-table3'

const NO_BORDERS = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
}
const PLAIN = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 }

/** Control characters, and those that turn the direction of text round. */
const UNPRINTABLE = /[\p{Cc}\p{Bidi_Control}]/gu

type Style = 'bold' | 'dim' | 'cyan' | 'green' | 'yellow' | 'red'

/** Writes to stdout; resolves when more can be written. */
export async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

/** Writes a line to stdout; resolves when more can be written. */
export const say = (line: string): Promise<void> => write(`${line}\n`)

export const sayJson = (value: unknown): Promise<void> => say(JSON.stringify(value))

/** Writes a line to stderr. */
export function warn(line: string): void {
  process.stderr.write(`${line}\n`)
}

export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

/** Columns without borders. Every cell is made printable. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const grid = new Table({
    head: head.map((name) => styled('bold', name)),
    chars: NO_BORDERS,
    style: PLAIN,
  })
  for (const row of rows) grid.push(row.map((cell) => printable(cell)))
  return trimLines(grid.toString())
}

/** Names and values, one pair a line. */
export function list(pairs: readonly (readonly [name: string, value: string])[]): string {
  const grid = new Table({ chars: NO_BORDERS, style: PLAIN })
  for (const [name, value] of pairs) grid.push([styled('dim', name), printable(value)])
  return trimLines(grid.toString())
}

/** `1 row`, `2 rows`, `17,584 rows`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd')
}

const trimLines = (text: string): string => text.replace(/[ ]+$/gm, '')

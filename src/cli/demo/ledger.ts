/** The steps of the walk: what was expected, what came, and how many went wrong. */
import { styled } from '../output.ts'

const WIDTH = 24

export class Ledger {
  readonly #print: (line: string) => void
  #wrong = 0

  /** Each line goes to `print`. */
  constructor(print: (line: string) => void) {
    this.#print = print
  }

  /** How many steps went wrong so far. */
  get wrong(): number {
    return this.#wrong
  }

  /** Begins a group of steps. */
  heading(text: string): void {
    this.#print(`\n${styled('bold', text)}`)
  }

  /** Names the columns. */
  columns(): void {
    const names = ['step', 'expected', 'got'].map((name) => name.padEnd(WIDTH)).join('')
    this.#print(styled('dim', `\n        ${names.trimEnd()}`))
  }

  /** One line; by default a step went well when both texts are the same. */
  step(title: string, expected: string, got: string, well = expected === got): void {
    if (!well) this.#wrong += 1
    const mark = well ? styled('green', 'ok   ') : styled('red', 'WRONG')
    this.#print(`  ${mark} ${title.padEnd(WIDTH)}${expected.padEnd(WIDTH)}${got}`)
  }

  /** What is worth knowing and is no step. */
  note(text: string): void {
    this.#print(`  ${text}`)
  }
}

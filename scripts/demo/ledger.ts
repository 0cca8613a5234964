/** The steps of the walk: what was expected, what came, and how many went wrong. */
import { styleText } from 'node:util'

const WIDTH = 24

export class Ledger {
  #wrong = 0

  /** How many steps went wrong so far. */
  get wrong(): number {
    return this.#wrong
  }

  /** Begins a group of steps. */
  heading(text: string): void {
    console.log(`\n${styleText('bold', text)}`)
  }

  /** Names the columns. */
  columns(): void {
    const names = ['step', 'expected', 'got'].map((name) => name.padEnd(WIDTH)).join('')
    console.log(styleText('dim', `\n        ${names.trimEnd()}`))
  }

  /** One line; by default a step went well when both texts are the same. */
  step(title: string, expected: string, got: string, well = expected === got): void {
    if (!well) this.#wrong += 1
    const mark = well ? styleText('green', 'ok   ') : styleText('red', 'WRONG')
    console.log(`  ${mark} ${title.padEnd(WIDTH)}${expected.padEnd(WIDTH)}${got}`)
  }
}

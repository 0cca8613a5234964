/** Compiled queries with named parameters: built by Kysely once, prepared once, run many times. */
import type { StatementSync } from 'node:sqlite'
import type { CompiledQuery } from 'kysely'
import { type Arguments, bind } from '../tables/parameters.ts'

export class Statement<Row> {
  readonly #prepared: StatementSync
  readonly #parameters: readonly unknown[]

  constructor(prepared: StatementSync, query: CompiledQuery<Row>) {
    this.#prepared = prepared
    this.#parameters = query.parameters
  }

  get(args: Arguments): Row | undefined {
    return this.#prepared.get(...bind(this.#parameters, args)) as Row | undefined
  }

  all(args: Arguments): Row[] {
    return this.#prepared.all(...bind(this.#parameters, args)) as Row[]
  }

  run(args: Arguments): void {
    this.#prepared.run(...bind(this.#parameters, args))
  }
}

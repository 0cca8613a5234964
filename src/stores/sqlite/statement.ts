/** Compiled queries with named parameters: built by Kysely once, prepared once, run many times. */
import type { SQLInputValue, StatementSync } from 'node:sqlite'
import { type CompiledQuery, type RawBuilder, sql } from 'kysely'

class Parameter {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** A place in a query that gets its value when the statement runs. */
export const param = <Value>(name: string): RawBuilder<Value> => sql<Value>`${new Parameter(name)}`

/** A parameter for each column of a table's row, for `values(…)` and `set(…)`. */
export function paramsFor<Column extends string>(
  ...columns: readonly Column[]
): Record<Column, RawBuilder<never>> {
  const entries = columns.map((column) => [column, param<never>(column)] as const)
  return Object.fromEntries(entries) as Record<Column, RawBuilder<never>>
}

export type Arguments = Readonly<Record<string, SQLInputValue>>

export class Statement<Row> {
  readonly #prepared: StatementSync
  readonly #parameters: readonly unknown[]

  constructor(prepared: StatementSync, query: CompiledQuery<Row>) {
    this.#prepared = prepared
    this.#parameters = query.parameters
  }

  get(args: Arguments): Row | undefined {
    return this.#prepared.get(...this.#values(args)) as Row | undefined
  }

  all(args: Arguments): Row[] {
    return this.#prepared.all(...this.#values(args)) as Row[]
  }

  run(args: Arguments): void {
    this.#prepared.run(...this.#values(args))
  }

  #values(args: Arguments): SQLInputValue[] {
    return this.#parameters.map((parameter) => {
      if (!(parameter instanceof Parameter)) return parameter as SQLInputValue
      const value = args[parameter.name]
      if (value === undefined) throw new TypeError(`no value for parameter ${parameter.name}`)
      return value
    })
  }
}

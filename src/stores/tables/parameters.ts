/** Named parameters: a query is built and compiled once and gets its values each time it runs. */
import { type RawBuilder, sql } from 'kysely'

/** What every database takes as a value. */
export type SqlValue = null | number | string | Uint8Array

export type Arguments = Readonly<Record<string, SqlValue>>

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

/** The values of a compiled query, in order. Throws a TypeError when `args` leaves one out. */
export function bind(parameters: readonly unknown[], args: Arguments): SqlValue[] {
  return parameters.map((parameter) => {
    if (!(parameter instanceof Parameter)) return parameter as SqlValue
    const value = args[parameter.name]
    if (value === undefined) throw new TypeError(`no value for parameter ${parameter.name}`)
    return value
  })
}

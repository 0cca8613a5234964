/**
 * One connection while a piece of work has it: runs compiled queries, and carries values between
 * JavaScript and PostgreSQL. Text is escaped on its way in and restored on its way out (`text.ts`).
 *
 * The parsers are given with each query, because an application may have changed those of its driver
 * for itself: int8 would come as text, or as BigInt.
 */
import type { CompiledQuery } from 'kysely'
import { type Arguments, bind, type SqlValue } from '../tables/parameters.ts'
import { isStatementError } from './failure.ts'
import type { PostgresClient, PostgresTypes } from './pool.ts'
import { keptText, textFromKept } from './text.ts'

/** https://www.postgresql.org/docs/current/catalog-pg-type.html; stable numbers. */
const PARSERS: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => text === 't',
  17: (text) => Buffer.from(text.slice(2), 'hex'),
  20: Number,
  23: Number,
}

const TYPES: PostgresTypes = { getTypeParser: (typeId) => PARSERS[typeId] ?? textFromKept }

const keptValue = (value: SqlValue): SqlValue =>
  typeof value === 'string' ? keptText(value) : value

/** What a builder of Kysely is, once all is said. */
export interface Query<Row> {
  compile(): CompiledQuery<Row>
}

export class Session {
  readonly #client: PostgresClient
  #broken = false

  constructor(client: PostgresClient) {
    this.#client = client
  }

  /** The connection failed, and must not go back to the pool. */
  get broken(): boolean {
    return this.#broken
  }

  async all<Row>(query: Query<Row>, args: Arguments = {}): Promise<Row[]> {
    const { sql, parameters } = query.compile()
    return (await this.#query(sql, bind(parameters, args))) as Row[]
  }

  async get<Row>(query: Query<Row>, args: Arguments = {}): Promise<Row | undefined> {
    return (await this.all(query, args))[0]
  }

  /** Statements without values, in one trip. */
  async run(text: string): Promise<void> {
    await this.#query(text)
  }

  async #query(text: string, values?: SqlValue[]): Promise<unknown[]> {
    try {
      const kept = values === undefined ? {} : { values: values.map(keptValue) }
      return (await this.#client.query({ text, types: TYPES, ...kept })).rows
    } catch (error) {
      this.#broken ||= !isStatementError(error)
      throw error
    }
  }
}

import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { testDatabase } from '../../../tests/servers/postgres.ts'
import { TestSchema } from '../../../tests/stores/postgres-schemas.ts'
import { tamperingSuite } from '../../../tests/stores/tampering.ts'
import type { Store } from '../../core/ports/store.ts'

let url = ''
let stop = async () => {}
beforeAll(async () => {
  const database = await testDatabase()
  ;({ url, stop } = database)
})
afterAll(() => stop())

let schema: TestSchema
let store: Store
let client: pg.Client
beforeEach(async () => {
  schema = new TestSchema(url)
  store = await schema.open()
  client = new pg.Client(url)
  await client.connect()
  await client.query(`set search_path = "${schema.name}"`)
})
afterEach(async () => {
  await client.end()
  await schema.drop()
})

async function run(...statements: string[]): Promise<void> {
  for (const statement of statements) await client.query(statement)
}

/** How a text with U+0000 is kept is a part of what is verified. */
const KEPT_TEXT = [
  `request_id = replace(request_id, '␀0', '␀␀0')`,
  `request_id = replace(request_id, '␀0', '␀')`,
]

tamperingSuite(() => ({ store, run }), KEPT_TEXT)

import { afterAll, beforeAll, describe, test } from 'vitest'
import { testDatabase } from '../../../tests/servers/postgres.ts'
import { TestSchema } from '../../../tests/stores/postgres-schemas.ts'
import { storeContract } from '../../testing/store-contract.ts'

let url = ''
let stop = async () => {}
beforeAll(async () => {
  const database = await testDatabase()
  ;({ url, stop } = database)
})
afterAll(() => stop())

describe('PostgreSQL keeps the store contract', () => {
  storeContract({ describe, test }, async () => {
    const schema = new TestSchema(url)
    return { store: await schema.open(), reopen: () => schema.open(), close: () => schema.drop() }
  })
})

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { testDatabase } from '../../../tests/servers/postgres.ts'
import { TestSchema } from '../../../tests/stores/postgres-schemas.ts'
import { type ChainVerdict, ChainVerifier } from '../../core/audit-chain.ts'
import type { Store } from '../../core/ports/store.ts'

const ROWS = 20

let url = ''
let stop = async () => {}
beforeAll(async () => {
  const database = await testDatabase()
  ;({ url, stop } = database)
})
afterAll(() => stop())

let schema: TestSchema
let store: Store
beforeEach(async () => {
  schema = new TestSchema(url)
  store = await schema.open()
  for (let n = 1; n <= ROWS; n++) {
    const { keyId, address, requestId } = { keyId: 'AuditKy1', address: '::', requestId: `r\0${n}` }
    const what = { event: 'limit.exceeded', details: { limit: 'minute', n }, count: n } as const
    await store.appendAudit([{ atMs: n, actor: 'gateway', keyId, address, requestId, ...what }])
  }
})
afterEach(() => schema.drop())

/** The verdict after someone with the password has run `statements`; undoes them afterwards. */
async function verdictAfter(...statements: string[]): Promise<ChainVerdict> {
  await schema.query(
    'create table kept as select * from audit',
    'create table kept_heads as select * from audit_heads',
    ...statements,
  )
  const verifier = new ChainVerifier(await store.auditHeads())
  for (const { row } of await store.readAudit({ pageSize: 1000 })) verifier.feed(row)
  await schema.query(
    'delete from audit; insert into audit select * from kept; drop table kept',
    'delete from audit_heads; insert into audit_heads select * from kept_heads',
    'drop table kept_heads',
  )
  return verifier.finish()
}

test('an untouched log is intact', async () => {
  expect(await verdictAfter()).toEqual({ intact: true, rows: ROWS, chains: 1 })
})

test.each([
  `at_ms = at_ms + 1`,
  `event = 'auth.failed'`,
  `event = 'made.up'`,
  `key_id = null`,
  `key_id = 'AuditKy2'`,
  `actor = 'cli'`,
  `address = '::1'`,
  `request_id = request_id || ' '`,
  `request_id = replace(request_id, '␀0', '␀␀0')`,
  `request_id = replace(request_id, '␀0', '␀')`,
  `details = '{}'`,
  `details = 'not json'`,
  `details = 'null'`,
  `details = replace(details, ',', ', ')`,
  `details = replace(details, '{', '{"limit":"day",')`,
  `count = count + 1`,
  `previous_hash = hash`,
  `hash = previous_hash`,
  `hash = upper(hash)`,
  `seq = seq + 1000`,
])('update audit set %s shows in any row', async (assignment) => {
  for (const seq of [1, 7, ROWS]) {
    const verdict = await verdictAfter(`update audit set ${assignment} where seq = ${seq}`)
    expect(verdict).toMatchObject({ intact: false, seq, problem: 'edited' })
  }
})

test('deleted rows, swapped positions, a cut tail and a moved head show', async () => {
  const problemAfter = async (...statements: string[]) => {
    const verdict = await verdictAfter(...statements)
    return verdict.intact ? 'intact' : `${verdict.problem} ${verdict.seq}`
  }
  expect(await problemAfter('delete from audit where seq = 7')).toBe('deleted 7')
  expect(await problemAfter('delete from audit where seq = 1')).toBe('deleted 1')
  expect(await problemAfter('delete from audit where seq > 15')).toBe('tail cut off 16')
  expect(await problemAfter('delete from audit')).toBe('tail cut off 1')
  expect(
    await problemAfter(
      'update audit set position = 1000 where seq = 7',
      'update audit set position = 7 where seq = 8',
      'update audit set position = 8 where position = 1000',
    ),
  ).toBe('reordered 7')
  const head = '(select hash from audit where seq = 15)'
  const moved = `update audit_heads set seq = 15, hash = ${head}`
  expect(await problemAfter(moved)).toBe('inserted 16')
  expect(await problemAfter(`update audit_heads set hash = ''`)).toBe(`edited ${ROWS}`)
  expect(await problemAfter('delete from audit_heads')).toBe('inserted 1')
})

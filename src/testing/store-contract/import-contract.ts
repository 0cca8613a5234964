/** What a store promises about data from another store: all of it as it was, or none. */
import assert from 'node:assert/strict'
import type { AuditRow } from '../../core/audit.ts'
import type { ExportedLink } from '../../core/ports/links.ts'
import type { Store } from '../../core/ports/store.ts'
import type { StoreTests } from '../store-contract.ts'
import {
  ACTIVITY,
  batches,
  everything,
  HEADS,
  KEYS,
  LINKS,
  MAIL,
  ONE,
  ROWS,
  SPEND_CAPS,
  SPEND_RESERVATIONS,
  SPEND_RESETS,
  SPEND_SUMS,
  TWO,
  USAGE,
} from './import-samples.ts'
import { ACCOUNT, CALL_MS, MINUTE_MS, settlementOf } from './ledger-samples.ts'
import { insert, rejectsWith, START_MS, sampleEntry, verifiedRows } from './samples.ts'

/** Text is in the order of its bytes. */
const bytesOf = ({ link }: ExportedLink): Buffer => Buffer.from(link.linkId)

async function assertEmpty(store: Store): Promise<void> {
  assert.deepEqual(await store.listKeys({ pageSize: 1 }), [])
  assert.deepEqual(await verifiedRows(store), [])
  assert.deepEqual(await store.auditHeads(), [])
  assert.deepEqual(await store.loadUsage(0), [])
  assert.deepEqual(await store.listLinks({ pageSize: 1 }), [])
  assert.deepEqual(await store.listMail({ pageSize: 1 }), [])
  assert.deepEqual(await store.findActivity(['Imported']), [])
  assert.deepEqual(await store.listSpendSums({ pageSize: 1 }), [])
  assert.deepEqual(await store.listSpendReservations(), [])
  assert.deepEqual(await store.listSpendResets(), [])
  assert.deepEqual(await store.listSpendCaps(), [])
  assert.equal((await store.reportSpend({})).total.requests, 0)
}

export function importContract(tests: StoreTests): void {
  wholeContract(tests)
  refusalContract(tests)
}

function wholeContract({ test }: StoreTests): void {
  test('imported data is there as it was', async (store) => {
    await store.importData(everything(), HEADS)
    assert.deepEqual(await store.listKeys({ pageSize: 100 }), KEYS)
    assert.deepEqual(await verifiedRows(store), ROWS)
    assert.deepEqual(await store.auditHeads(), HEADS)
    assert.deepEqual(await store.loadUsage(0), USAGE)
  })

  test('imported links, mail and activity are there as they were', async (store) => {
    await store.importData(everything(), HEADS)
    const byId = LINKS.toSorted((a, b) => Buffer.compare(bytesOf(a), bytesOf(b)))
    assert.deepEqual(await store.listLinks({ pageSize: 100 }), byId)
    assert.deepEqual(await store.listMail({ pageSize: 100 }), MAIL)
    assert.deepEqual(await store.findActivity(['Imported']), ACTIVITY)
    assert.equal((await store.findLink('token1'))?.key.keyId, 'Imported')
  })

  test('imported spend is there as it was, and goes on', async (store) => {
    await store.importData(everything(), HEADS)
    assert.deepEqual(await store.listSpendSums({ pageSize: 100 }), SPEND_SUMS)
    assert.deepEqual(await store.listSpendReservations(), SPEND_RESERVATIONS)
    assert.deepEqual(await store.listSpendResets(), SPEND_RESETS)
    assert.deepEqual(await store.listSpendCaps(), SPEND_CAPS)
    const spent = SPEND_SUMS.reduce((sum, { amount }) => sum + amount.microUsd, 0)
    const nowMs = CALL_MS + 60 * MINUTE_MS
    assert.equal((await store.seedSpend(ACCOUNT, nowMs)).month.microUsd, spent - 50)
    assert.equal((await store.reportSpend({})).total.microUsd, spent)
    assert.equal(await store.settleSpend([settlementOf('held', 7)]), 1)
    assert.equal((await store.reportSpend({})).total.microUsd, spent + 7)
  })

  test('a log that begins at a checkpoint is imported and goes on', async (store) => {
    const [first, ...rest] = ONE
    if (first === undefined) assert.fail('no rows')
    const signed = { atMs: START_MS, signature: 'c2lnbmVk', publicKey: 'a2V5' }
    const checkpoint = { chain: first.chain, seq: first.seq, hash: first.hash, ...signed }
    const heads = HEADS.filter(({ chain }) => chain === 'one')
    const without = store.importData(batches({ audit: rest }), heads)
    await assert.rejects(without, (error: Error) => error.message.includes('row 1: deleted'))
    await store.importData(batches({ checkpoints: [checkpoint] }, { audit: rest }), heads)
    await insert(store, 'NextKey1')
    assert.equal((await verifiedRows(store)).length, rest.length + 1)
    assert.deepEqual(await store.auditCheckpoints(), [checkpoint])
  })

  test('an imported store goes on: new rows continue a chain that came along', async (store) => {
    await store.importData(everything(), HEADS)
    await insert(store, 'NextKey1')
    const revoke = { kind: 'revoke', atMs: START_MS } as const
    const revoked = await store.changeKey('Imported', revoke, sampleEntry('key.revoked'))
    assert.equal(revoked.version, 8)
    const rows = await verifiedRows(store)
    assert.equal(rows.length, ROWS.length + 2)
    assert.ok(rows.slice(-2).every((row) => row.chain === 'one' || row.chain === 'two'))
    assert.equal((await store.auditHeads()).length, 2)
  })

  test('nothing can be imported too, and more data later', async (store) => {
    await store.importData(batches(), [])
    await assertEmpty(store)
    await insert(store, 'FirstKey')
    assert.equal((await verifiedRows(store)).length, 1)
  })

  test('what is asked meanwhile sees all of it or nothing', async (store) => {
    const seen: Promise<number>[] = []
    async function* slowly() {
      for (const key of KEYS) {
        yield { keys: [key] }
        seen.push(store.listKeys({ pageSize: 100 }).then((keys) => keys.length))
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await store.importData(slowly(), [])
    for (const count of await Promise.all(seen)) assert.ok([0, KEYS.length].includes(count))
  })
}

function refusalContract({ test }: StoreTests): void {
  test('a store that holds anything takes no import', async (store) => {
    await store.saveUsage(USAGE, START_MS)
    await rejectsWith('conflict', store.importData(everything(), HEADS))
    await store.saveUsage([], START_MS + 9)
    await store.appendAudit([sampleEntry('config.changed')])
    await rejectsWith('conflict', store.importData(everything(), HEADS))
    assert.deepEqual(await store.listKeys({ pageSize: 1 }), [])
    assert.equal((await verifiedRows(store)).length, 1)
  })

  test('when the source fails, nothing was imported', async (store) => {
    async function* failing() {
      yield* everything()
      throw new RangeError('the source is gone')
    }
    await assert.rejects(store.importData(failing(), HEADS))
    await assertEmpty(store)
    await insert(store, 'AfterAll')
    assert.equal((await verifiedRows(store)).length, 1)
  })

  test('keys with one key_id are a conflict, and nothing was imported', async (store) => {
    const twice = batches({ keys: KEYS }, { keys: KEYS.slice(0, 1) })
    await rejectsWith('conflict', store.importData(twice, []))
    await assertEmpty(store)
  })

  test('a log that does not verify is refused by row, and nothing was imported', async (store) => {
    const [first, second, ...rest] = ONE
    if (first === undefined || second === undefined) assert.fail('no rows')
    const heads = HEADS.filter(({ chain }) => chain === 'one')
    const logs: readonly [string, readonly AuditRow[]][] = [
      ['chain one, row 2: edited', [first, { ...second, count: 9 }, ...rest]],
      ['chain one, row 2: deleted', [first, ...rest]],
      ['chain one, row 2: reordered', [first, ...rest, second]],
      [`chain one, row ${ONE.length}: tail cut off`, ONE.slice(0, -1)],
      [`chain two, row 1: inserted`, [...ONE, ...TWO]],
    ]
    for (const [problem, audit] of logs) {
      const refused = store.importData(batches({ keys: KEYS }, { audit }), heads)
      await assert.rejects(refused, (error: Error) => error.message.includes(problem))
      await assertEmpty(store)
    }
  })
}

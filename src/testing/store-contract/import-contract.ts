/** What a store promises about data from another store: all of it as it was, or none. */
import assert from 'node:assert/strict'
import type { AuditHead, AuditRow } from '../../core/audit.ts'
import { chainRows, emptyHead } from '../../core/audit-chain.ts'
import type { KeyRecord } from '../../core/key/key-record.ts'
import type { KeptMail } from '../../core/mail.ts'
import type { KeyActivity } from '../../core/ports/activity.ts'
import type { ExportedLink } from '../../core/ports/links.ts'
import type { ImportedBatch, Store } from '../../core/ports/store.ts'
import type { StoreTests } from '../store-contract.ts'
import { leakOf, sampleMail } from './leak-samples.ts'
import {
  HOSTILE_TEXTS,
  insert,
  rejectsWith,
  START_MS,
  sampleEntry,
  sampleKey,
  verifiedRows,
} from './samples.ts'

const record = (keyId: string, overrides: Partial<KeyRecord> = {}): KeyRecord => ({
  ...{ ...sampleKey(keyId), version: 1, status: 'active', revokedAtMs: null },
  ...overrides,
})

const KEYS: readonly KeyRecord[] = [
  record('Imported', { version: 7, status: 'disabled', createdAtMs: START_MS + 2 }),
  record('Revoked1', {
    ...{ version: 3, status: 'revoked', revokedAtMs: START_MS + 5 },
    createdAtMs: START_MS + 1,
  }),
  ...HOSTILE_TEXTS.map((text, index) =>
    record(`id${text}`, {
      owner: { email: `${index}${text.toLowerCase()}`, externalId: text },
      ...{ name: text, tier: text, scopes: [text], secretHash: text, rotatedFrom: text },
      createdAtMs: START_MS - index,
    }),
  ),
]

const chain = (name: string): AuditRow[] =>
  chainRows(
    emptyHead(name),
    HOSTILE_TEXTS.map((text) => sampleEntry('auth.failed', { actor: text, details: { a: text } })),
  )

const [ONE, TWO] = [chain('one'), chain('two')]
/** Two chains whose rows take turns, as when two instances wrote. */
const ROWS = ONE.flatMap((row, index) => [row, ...TWO.slice(index, index + 1)])
const HEADS: readonly AuditHead[] = [...ONE.slice(-1), ...TWO.slice(-1)].map(
  ({ chain, seq, hash }) => ({ chain, seq, hash }),
)

const USAGE = [
  { subject: 'ka', admissionsMs: [START_MS], expiresAtMs: START_MS + 9, meters: {} },
  { subject: 'kb', admissionsMs: [], expiresAtMs: START_MS + 9, meters: { day: [1.5] } },
]

async function* batches(...all: readonly ImportedBatch[]) {
  yield* all
}

const LEAKED = { ...leakOf('Imported', 'link1').link, replacementKeyId: null }
const LINKS: readonly ExportedLink[] = [
  {
    link: { ...LEAKED, closedAtMs: null, suspendedVersion: 7 },
    tokens: [{ linkId: 'link1', tokenHash: 'token1', expiresAtMs: START_MS + 9 }],
  },
  ...HOSTILE_TEXTS.map((text, index) => ({
    link: {
      ...{ ...LEAKED, linkId: `link${text}`, keyId: text, closedAtMs: START_MS + index },
      ...{ replacementKeyId: text, suspendedVersion: null },
    },
    tokens: [],
  })),
]
const MAIL: readonly KeptMail[] = [
  {
    ...sampleMail('mail1', { linkId: 'link1' }),
    ...{ state: 'failed', dueAtMs: START_MS + 3, attempts: 4, problem: 'no such box' },
    settledAtMs: START_MS + 4,
  },
]
const use = (requests: number) => ({
  ...{ requests, firstUsedAtMs: START_MS, lastUsedAtMs: START_MS + 3 },
})
const ACTIVITY: readonly KeyActivity[] = [
  {
    ...{ keyId: 'Imported', ...use(9), hours: [{ startMs: START_MS, requests: 4 }] },
    networks: [{ network: '192.0.2.0/24', ...use(5) }],
  },
]

const everything = () =>
  batches(
    { keys: KEYS.slice(0, 5) },
    { keys: KEYS.slice(5), audit: ROWS.slice(0, 7) },
    { audit: ROWS.slice(7), usage: USAGE },
    { links: LINKS, mail: MAIL },
    { activity: ACTIVITY },
  )

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

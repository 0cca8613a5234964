import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type FaultProxy, startFaultProxy } from '../../../tests/servers/fault-proxy.ts'
import { testDatabase } from '../../../tests/servers/postgres.ts'
import { TestSchema } from '../../../tests/stores/postgres-schemas.ts'
import type { Store } from '../../core/ports/store.ts'
import {
  ACCOUNT,
  CALL_MS,
  expiredEntry,
  MINUTE_MS,
  reservationOf,
  seedOf,
  settlementOf,
} from '../../testing/store-contract/ledger-samples.ts'
import { eventsOf } from '../../testing/store-contract/samples.ts'

let url = ''
let stop = async () => {}
beforeAll(async () => {
  const database = await testDatabase()
  ;({ url, stop } = database)
})
afterAll(() => stop())

let proxy: FaultProxy
let schema: TestSchema
/** Through the proxy, and beside it. */
let store: Store
let witness: Store
beforeEach(async () => {
  proxy = await startFaultProxy(Number(new URL(url).port))
  schema = new TestSchema(url)
  const proxied = new URL(url)
  proxied.port = String(proxy.port)
  witness = await schema.open()
  store = await schema.open({ writeDeadlineMs: 2000 }, proxied.href)
})
afterEach(async () => {
  await schema.drop()
  await proxy.stop()
})

const isCommit = (chunk: Buffer, from: 'client' | 'server') =>
  from === 'client' && chunk.includes('commit\0')

const isOpening = (chunk: Buffer, from: 'client' | 'server') =>
  from === 'client' && chunk.includes('unnest(')

/** The connection breaks before COMMIT arrives, or when it has arrived and before its answer. */
const cutAt = (moment: 'before' | 'after') =>
  proxy.cutWhen((chunk, from) => (isCommit(chunk, from) ? moment : 'pass'))

describe.each(['before', 'after'] as const)(
  'a connection that is cut %s a call is opened',
  (when) => {
    const cut = () => proxy.cutWhen((chunk, from) => (isOpening(chunk, from) ? when : 'pass'))

    test('opens all of its calls once', async () => {
      cut()
      await store.openSpend([reservationOf('a'), reservationOf('b')])
      expect(await witness.listSpendReservations()).toEqual([
        reservationOf('a'),
        reservationOf('b'),
      ])
    })

    test('opens none when one of them is there already', async () => {
      await witness.openSpend([reservationOf('b')])
      cut()
      await expect(store.openSpend([reservationOf('a'), reservationOf('b')])).rejects.toMatchObject(
        { code: 'conflict' },
      )
      expect(await witness.listSpendReservations()).toEqual([reservationOf('b')])
    })

    test('settles and expires calls once, and says how many', async () => {
      await store.openSpend([reservationOf('a'), reservationOf('b')])
      cutAt(when)
      expect(await store.settleSpend([settlementOf('a', 30)])).toBe(1)
      cutAt(when)
      const expired = await store.expireSpend(CALL_MS + MINUTE_MS, expiredEntry)
      expect(expired).toEqual([reservationOf('b')])
      expect((await seedOf(witness, ACCOUNT)).month).toBe(130)
      expect(await eventsOf(witness)).toEqual(['spend.expired'])
    })
  },
)

test('when it cannot be found out whether a call was opened, the message does not deny it', async () => {
  proxy.cutWhen((chunk, from) => {
    if (!isOpening(chunk, from)) return 'pass'
    proxy.refuse(true)
    setTimeout(() => proxy.cut(), 50)
    return 'after'
  })
  await expect(store.openSpend([reservationOf('a')])).rejects.toMatchObject({
    code: 'store_unavailable',
    message: expect.stringMatching(/may or may not have happened$/),
  })
  proxy.refuse(false)
  expect(await witness.settleSpend([settlementOf('a', 0)])).toBe(1)
  expect((await seedOf(witness, ACCOUNT)).month).toBe(0)
})

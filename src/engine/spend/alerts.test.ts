import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { KeptMail } from '../../core/mail.ts'
import type { CapStatus } from '../../core/ports/counters.ts'
import type { Store } from '../../core/ports/store.ts'
import { openSqliteStore } from '../../stores/sqlite/index.ts'
import { createTestClock, type TestClock } from '../../testing/test-clock.ts'
import { SpendAlerts } from './alerts.ts'

const DAY_MS = 86_400_000
const DOLLAR = 1_000_000
const NO_LINE = {
  ...{ name: '', requests: 0, microUsd: 0 },
  usage: { inputTokens: 0, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 0 },
}
const HOOK = { url: 'https://hooks.example.com/T0KEN', secret: 'whsec_x' }

let folder: string
let store: Store
let clock: TestClock
/** What is settled and held of each cap, and how much of it is held. */
let used: Record<'day' | 'month', number>
let heldMicroUsd: number
let quota: number
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-alerts-'))
  store = await openSqliteStore({ path: join(folder, 'lockgate.db') })
  clock = createTestClock()
  used = { day: 0, month: 0 }
  heldMicroUsd = 0
  quota = 20 * DOLLAR
})
afterEach(async () => {
  await store.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Receivers {
  readonly mailTo?: string | null
  readonly webhook?: typeof HOOK | null
  readonly operatorCopy?: string | null
  readonly atPercent?: readonly number[]
}

/** Another one is another process on the same store. */
function alerts(receivers: Receivers = {}): SpendAlerts {
  const { mailTo = 'ops@example.com', webhook = HOOK, operatorCopy = null } = receivers
  const { atPercent = [50, 80, 100] } = receivers
  const statusOf = (window: 'day' | 'month', whole: number): CapStatus => ({
    cap: { name: `account_spend_${window}`, unit: 'micro_usd', window, quota: whole },
    used: used[window],
  })
  const scope = { kind: 'account', id: '' } as const
  return new SpendAlerts({
    spend: {
      settings: {
        prices: { models: new Map(), fallback: null },
        ...{ account: {}, owner: {}, defaultMaxOutputTokens: 4096 },
        alerts: { atPercent, mailTo, webhook },
      },
      caps: async () => [
        { scope, status: statusOf('day', quota) },
        { scope, status: statusOf('month', 300 * DOLLAR) },
      ],
      report: async () => ({
        ...{ total: NO_LINE, reservedMicroUsd: heldMicroUsd },
        ...{ byKey: [], byOwner: [], byModel: [], byDay: [] },
      }),
    },
    ...{ store, clock, operatorCopy, defaultActor: 'gateway' },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    kick: () => {},
  })
}

const kept = (): Promise<readonly KeptMail[]> => store.listMail({ pageSize: 1_000 })
const percents = async (audience = 'operator'): Promise<unknown[]> =>
  (await kept())
    .filter((mail) => mail.audience === audience)
    .map(({ details }) => details['percent'])
const today = (): string => new Date(clock.wallMs()).toISOString().slice(0, 10)

async function refuse(limit: string): Promise<void> {
  const entry = { event: 'spend.exceeded', keyId: null, actor: 'gateway', address: null } as const
  const atMs = clock.wallMs()
  await store.appendAudit([{ ...entry, atMs, requestId: null, details: { limit }, count: 1 }])
}

test('each percentage is told once, by mail, webhook and audit row, whoever looks', async () => {
  const first = alerts()
  const second = alerts()
  for (const dollars of [9.99, 10, 12, 15.99, 16, 19.9, 20, 21]) {
    used.day = dollars * DOLLAR
    await Promise.all([first.run(), second.run()])
    await alerts().run()
  }
  expect((await percents()).sort()).toEqual([100, 50, 80])
  expect((await percents('webhook')).sort()).toEqual([100, 50, 80])
  const rows = await store.readAuditTail({ event: 'spend.alerted', pageSize: 10 })
  expect(rows.map(({ row }) => row.details['percent'])).toEqual([50, 80, 100])
  expect(rows[1]?.row).toMatchObject({
    ...{ actor: 'gateway', keyId: null },
    details: {
      ...{ cap: 'account_spend_day', percent: 80, spent_micro_usd: 16 * DOLLAR },
      ...{ quota_micro_usd: 20 * DOLLAR, period: today() },
    },
  })
})

test('the mail and the webhook say what was spent of which cap', async () => {
  used.day = 16.04 * DOLLAR
  await alerts().run()
  const name = `spend-account-day-80-${today()}-of-20000000`
  const details = {
    ...{ scope: 'account', cap: 'account_spend_day', window: 'day', percent: 80 },
    ...{ spent_micro_usd: 16_040_000, quota_micro_usd: 20_000_000, period: today() },
    at: new Date(clock.wallMs()).toISOString(),
  }
  expect(await kept()).toMatchObject([
    { name, to: 'ops@example.com', audience: 'operator', keyId: '', linkId: null, details },
    { name: `${name}-webhook`, to: HOOK.url, audience: 'webhook', details },
  ])
})

test('what running calls hold is no alarm', async () => {
  used.day = 20 * DOLLAR
  heldMicroUsd = 11 * DOLLAR
  await alerts().run()
  expect(await percents()).toEqual([])
  heldMicroUsd = 10 * DOLLAR
  await alerts().run()
  expect(await percents()).toEqual([50])
})

test('a jump over several percentages is told as the highest', async () => {
  used.day = 17 * DOLLAR
  const looking = alerts()
  await looking.run()
  used.day = 11 * DOLLAR
  await looking.run()
  expect(await percents()).toEqual([80])
})

test('a cap that refuses calls is reached, though its last cents are not spent', async () => {
  used.day = 19.9 * DOLLAR
  await refuse('spend_day')
  await alerts().run()
  expect(await percents()).toEqual([80])
  await refuse('account_spend_day')
  await alerts().run()
  expect((await percents()).sort()).toEqual([100, 80])
})

test('one call that is larger than what is left is no alarm', async () => {
  used.day = 3 * DOLLAR
  await refuse('account_spend_day')
  await alerts({ atPercent: [100] }).run()
  expect(await percents()).toEqual([])
})

test('another day, another month and another quota are told of anew', async () => {
  used = { day: 16 * DOLLAR, month: 150 * DOLLAR }
  const looking = alerts()
  await looking.run()
  expect((await percents()).sort()).toEqual([50, 80])
  clock.advance(DAY_MS)
  await looking.run()
  expect((await percents()).sort()).toEqual([50, 80, 80])
  quota = 32 * DOLLAR
  await looking.run()
  expect((await percents()).sort()).toEqual([50, 50, 80, 80])
  clock.advance(31 * DAY_MS)
  used.day = 0
  await looking.run()
  expect((await percents()).sort()).toEqual([50, 50, 50, 80, 80])
})

test('where the alerts name nobody, the operator of the mails is told', async () => {
  used.day = 16 * DOLLAR
  await alerts({ mailTo: null, webhook: null, operatorCopy: 'copy@example.com' }).run()
  expect(await kept()).toMatchObject([{ to: 'copy@example.com' }])
})

test('with nobody to tell, the audit log is told, once per process', async () => {
  used.day = 16 * DOLLAR
  const looking = alerts({ mailTo: null, webhook: null })
  await looking.run()
  await looking.run()
  expect(await kept()).toEqual([])
  expect(await store.readAuditTail({ event: 'spend.alerted', pageSize: 10 })).toHaveLength(1)
})

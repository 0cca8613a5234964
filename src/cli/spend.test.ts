import { describe, expect, test } from 'vitest'
import { type Folder, newFolder } from '../../tests/cli/command-line.ts'
import { NO_USAGE } from '../core/spend/amount.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'

const SLOW = { timeout: 60_000 }

const CONFIG = {
  tiers: { free: { limits: [], spend: { perDay: '$1' } } },
  spend: { account: { perDay: '$20', perMonth: '$300' } },
}

interface Call {
  readonly keyId: string
  readonly model: string
  readonly microUsd: number
  /** Default: settled. */
  readonly isOpen?: true
}

const folderOf = (config: object = CONFIG): Folder =>
  newFolder({ 'lockgate.config.json': JSON.stringify(config) })

async function createKey(folder: Folder, owner: string): Promise<string> {
  const { out } = await folder.run('keys', 'create', '--owner', owner, '--json')
  return JSON.parse(out).key_id
}

/** Writes to the ledger what a server would have written. */
async function spendIn(folder: Folder, calls: readonly Call[]): Promise<void> {
  const store = await openSqliteStore({ path: folder.file('lockgate.db') })
  const atMs = Date.now()
  const amountOf = ({ microUsd }: Call) => ({ microUsd, tokens: 0 })
  const rows = calls.map((call, index) => ({ ...call, id: `call-${index}` }))
  await store.openSpend(
    rows.map((row) => ({
      ...{ id: row.id, keyId: row.keyId, model: row.model, atMs },
      ...{ amount: amountOf(row), leaseUntilMs: atMs + 60_000 },
    })),
  )
  const settled = rows.filter(({ isOpen }) => isOpen !== true)
  const usage = { ...NO_USAGE, inputTokens: 10, outputTokens: 5 }
  await store.settleSpend(settled.map((row) => ({ id: row.id, amount: amountOf(row), usage })))
  await store.close()
}

describe.concurrent('lockgate spend', SLOW, () => {
  test('tells what was spent and what is held, narrowed by key, owner and model', async () => {
    const folder = folderOf()
    const [ada, bob] = [
      await createKey(folder, 'ada@example.com'),
      await createKey(folder, 'bob@example.com'),
    ]
    await spendIn(folder, [
      { keyId: ada, model: 'gpt-4o', microUsd: 300_000 },
      { keyId: ada, model: 'gpt-4o-mini', microUsd: 1 },
      { keyId: bob, model: 'gpt-4o', microUsd: 40_000 },
      { keyId: bob, model: 'gpt-4o', microUsd: 7_000, isOpen: true },
    ])
    const reportOf = async (...args: string[]) =>
      JSON.parse((await folder.run('spend', '--json', ...args)).out)
    expect(await reportOf()).toMatchObject({
      ...{ total_micro_usd: 340_001, reserved_micro_usd: 7_000 },
      by_key: [
        { key_id: ada, requests: 2, micro_usd: 300_001 },
        { key_id: bob, requests: 1, micro_usd: 40_000 },
      ],
      by_owner: [{ owner: 'ada@example.com' }, { owner: 'bob@example.com' }],
      by_model: [
        { model: 'gpt-4o', micro_usd: 340_000 },
        { model: 'gpt-4o-mini', micro_usd: 1 },
      ],
      by_day: [{ micro_usd: 340_001, input_tokens: 30, output_tokens: 15 }],
    })
    expect((await reportOf('--key', bob)).total_micro_usd).toBe(40_000)
    expect((await reportOf('--owner', 'ada@example.com')).total_micro_usd).toBe(300_001)
    expect((await reportOf('--model', 'gpt-4o-mini')).total_micro_usd).toBe(1)
    expect((await reportOf('--tier', 'paid')).total_micro_usd).toBe(0)
    expect((await reportOf('--until', '2020-01-01')).total_micro_usd).toBe(0)

    const text = (await folder.run('spend')).out
    expect(text).toContain('$0.340001 in 3 calls')
    expect(text).toMatch(/the account +account_spend_day +\$0\.347001 +\$20\.00 +1 %/)
    expect((await folder.run('spend', '--csv', '--by', 'owner')).out).toMatch(
      /^owner,requests,micro_usd,.*\r\nada@example\.com,2,300001,/,
    )
  })

  test('caps and resets hold from then on, show as used, and are in the audit log', async () => {
    const folder = folderOf()
    const key = await createKey(folder, 'ada@example.com')
    await spendIn(folder, [{ keyId: key, model: 'm', microUsd: 600_000 }])
    const capsOf = async () =>
      JSON.parse((await folder.run('spend', 'caps', '--key', key, '--json')).out)
    const day = { scope: 'key', id: key, cap: 'spend_day', unit: 'micro_usd', window: 'day' }
    expect(await capsOf()).toContainEqual({ ...day, quota: 1_000_000, used: 600_000 })

    const cap = await folder.run('spend', 'cap', '--key', key, '--per-day', '$0.5', '--json')
    expect(cap).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(cap.out)).toMatchObject({ scope: 'key', id: key, per_day_micro_usd: 500_000 })
    expect(await capsOf()).toContainEqual({ ...day, quota: 500_000, used: 600_000 })

    expect((await folder.run('spend', 'reset', '--key', key)).code).toBe(0)
    expect(await capsOf()).toContainEqual({ ...day, quota: 500_000, used: 0 })
    const { total_micro_usd } = JSON.parse((await folder.run('spend', '--json')).out)
    expect(total_micro_usd).toBe(600_000)

    expect((await folder.run('spend', 'cap', '--key', key, '--as-configured')).code).toBe(0)
    expect(await capsOf()).toContainEqual({ ...day, quota: 1_000_000, used: 0 })
    const { out } = await folder.run('audit', 'list', '--json')
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const ofSpend = events.filter(({ event }) => event.startsWith('spend.'))
    expect(ofSpend.map(({ event }) => event)).toEqual([
      ...['spend.capped', 'spend.reset', 'spend.capped'],
    ])
    expect(ofSpend.every(({ actor }) => actor === 'cli')).toBe(true)
  })

  test.each([
    ['spend cap --per-day 1', 2, 'name one of --key KEY_ID, --owner E-MAIL, --tier NAME and'],
    ['spend cap --account --tier free --per-day 1', 2, 'name one of --key'],
    ['spend cap --account', 2, 'say --per-day, --per-month, --models or --max-output-tokens'],
    ['spend cap --account --per-day 1 --as-configured', 2, 'say --per-day'],
    ['spend cap --account --per-day 1.0000001', 2, '--per-day must be dollars with at most six'],
    [
      'spend cap --account --models a',
      2,
      '--models and --max-output-tokens are of a key or a tier',
    ],
    ['spend cap --tier free --models a*b', 2, '--models must be names separated by commas'],
    ['spend cap --owner me --per-day 1', 2, '--owner must be an e-mail address, not "me"'],
    ['spend cap --tier fere --per-day 1', 1, 'there is no tier "fere"; the configuration has free'],
    ['spend cap --owner a@b.c --per-day 1', 1, 'a@b.c has no key'],
    ['spend reset --key aaaaaaaa', 1, ''],
    ['spend --since 1h --until 2h', 2, '--until must be later than --since'],
    ['spend --csv --json', 2, "option '--json' cannot be used with option '--csv'"],
    ['spend --by week', 2, "argument 'week' is invalid"],
  ])('%s: %s', async (line, expectedCode, expected) => {
    const { code, out, err } = await folderOf().run(...line.split(' '))
    expect(err).toContain(expected)
    expect(err.trimEnd().split('\n')).toHaveLength(1)
    expect({ code, out }).toEqual({ code: expectedCode, out: '' })
  })

  test('without spend in the configuration there is nothing to tell, and it says what to add', async () => {
    const { code, err } = await folderOf({}).run('spend')
    expect(err).toContain('nothing is metered: add spend to the configuration')
    expect(code).toBe(1)
  })
})

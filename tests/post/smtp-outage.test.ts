/**
 * A mail server that is down, and processes that are killed meanwhile: one mail arrives. With real
 * processes, a real mail server and real databases; only the clock is moved.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { openStore } from '../../src/compose/open-store.ts'
import type { KeptMail } from '../../src/core/mail.ts'
import { until } from '../servers/child.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { startScriptedSmtp } from '../servers/scripted-smtp.ts'
import { type SmtpServer, startSmtp } from '../servers/smtp.ts'
import { pass, Sender } from './senders.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const OWNER = 'ada@example.com'
const START_MS = 1_750_000_000_000

vi.setConfig({ testTimeout: 120_000 })

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

let folder: string
let smtp: SmtpServer
let senders: Sender[]
/** Called when the server has a whole mail and is about to answer 250. */
let beforeAnswer: () => void
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-outage-'))
  senders = []
  beforeAnswer = () => {}
  smtp = await startSmtp({
    refuse: () => {
      beforeAnswer()
      return undefined
    },
  })
})
afterEach(async () => {
  for (const sender of senders) await sender.kill()
  await smtp.stop()
  rmSync(folder, { recursive: true, force: true })
})

const DATABASES = {
  SQLite: async () => `sqlite:${join(folder, 'lockgate.db')}`,
  PostgreSQL: () => postgres.createDatabase(),
}

async function launch(databaseUrl: string, afterMs = 0): Promise<Sender> {
  const nowMs = START_MS + afterMs
  const sender = await Sender.launch({ databaseUrl, smtpUrl: smtp.url, nowMs })
  senders.push(sender)
  return sender
}

/** The one mail there is, as the database has it. */
async function keptIn(databaseUrl: string): Promise<KeptMail | undefined> {
  const store = await openStore(databaseUrl)
  const kept = await store.listMail({ pageSize: 10 })
  await store.close()
  expect(kept.length).toBe(1)
  return kept[0]
}

const tokens = (): string[] =>
  smtp.mails.map(({ text = '' }) => /\/replace\/([\w-]{43})/.exec(text)?.[1] ?? '')

test.each([
  ['SQLite', 'MAIL'],
  ['SQLite', 'content'],
  ['PostgreSQL', 'content'],
] as const)(
  'down for ten minutes, killed while it waits: one mail (%s, %s)',
  async (kind, step) => {
    const databaseUrl = await DATABASES[kind]()
    const first = await launch(databaseUrl)
    await smtp.stop()
    const keyId = await first.ask('leak', OWNER)
    await pass([first], 5 * MINUTE_MS)
    expect((await keptIn(databaseUrl))?.attempts).toBeGreaterThan(3)

    const silent = await startScriptedSmtp({ [step]: 'silence' }, smtp.port)
    await first.ask('advance', 4 * MINUTE_MS)
    await until('an attempt has come so far', async () =>
      step === 'content' ? silent.contents.length > 0 : silent.commands.length > 1,
    )
    await first.kill()
    await silent.stop()

    const second = await launch(databaseUrl, 9 * MINUTE_MS)
    await pass([second], 3 * MINUTE_MS)
    expect((await keptIn(databaseUrl))?.state).toBe('waiting')
    await smtp.start()
    await pass([second], 20 * MINUTE_MS)
    expect(smtp.mails.map(({ deliveredTo }) => deliveredTo)).toEqual([[OWNER]])
    expect(await second.ask('look', tokens()[0] ?? '')).toEqual({ state: 'open', keyId })

    await pass([second], 25 * HOUR_MS, MINUTE_MS)
    expect(smtp.mails.length).toBe(1)
    expect((await keptIn(databaseUrl))?.state).toBe('sent')
  },
)

test.each(['SQLite', 'PostgreSQL'] as const)(
  'two processes at once: one mail (%s)',
  async (kind) => {
    const databaseUrl = await DATABASES[kind]()
    const both = [await launch(databaseUrl), await launch(databaseUrl)]
    await smtp.stop()
    await both[0]?.ask('leak', OWNER)
    await pass(both, 12 * MINUTE_MS)
    await smtp.start()
    await pass(both, 25 * HOUR_MS, MINUTE_MS)
    expect(smtp.mails.length).toBe(1)
  },
)

describe('answered with 250, while the database cannot be written to', () => {
  let lock: DatabaseSync
  beforeEach(() => {
    beforeAnswer = () => {
      beforeAnswer = () => {}
      lock = new DatabaseSync(join(folder, 'lockgate.db'), { timeout: 5_000 })
      lock.exec('BEGIN IMMEDIATE')
    }
  })

  /** A process that knows that its mail was taken, and could not write that down. */
  async function unsettled(): Promise<{ sender: Sender; databaseUrl: string; keyId: string }> {
    const databaseUrl = await DATABASES.SQLite()
    const sender = await launch(databaseUrl)
    const keyId = await sender.ask('leak', OWNER)
    await until('the answer has come', async () => sender.said.includes('a mail was sent'))
    return { sender, databaseUrl, keyId }
  }

  test('killed then: the second mail is recognised as the first', async () => {
    const { sender, databaseUrl, keyId } = await unsettled()
    await sender.kill()
    lock.close()
    const second = await launch(databaseUrl, MINUTE_MS)
    await pass([second], 5 * MINUTE_MS)
    const ids = smtp.mails.map(({ messageId }) => messageId)
    expect(ids).toEqual(Array(2).fill(expect.stringContaining(`<leaked-${keyId}@`)))
    expect(new Set(ids).size).toBe(1)
    for (const token of tokens()) {
      expect(await second.ask('look', token)).toEqual({ state: 'open', keyId })
    }
    await pass([second], 25 * HOUR_MS, MINUTE_MS)
    expect(smtp.mails.length).toBe(2)
  })

  test('alive: never a second one', async () => {
    const { sender, databaseUrl } = await unsettled()
    // Longer than the mail is its own.
    await sender.ask('advance', 5 * MINUTE_MS)
    await until('that could not be written down', async () =>
      sender.said.includes('could not be fetched'),
    )
    lock.close()
    await pass([sender], 25 * HOUR_MS, MINUTE_MS)
    expect(smtp.mails.length).toBe(1)
    expect((await keptIn(databaseUrl))?.state).toBe('sent')
  })
})

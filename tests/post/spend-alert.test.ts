/**
 * Alerts of spend from a gate that spends to whoever is told: a real mail server, and a receiver of
 * webhooks that verifies them with the library of their specification. Only the clock is moved.
 */
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { resolveSettings } from '../../src/config/resolve-settings.ts'
import { NO_USAGE } from '../../src/core/spend/amount.ts'
import type { Gate } from '../../src/engine/gate.ts'
import { openGate } from '../../src/lockgate.ts'
import { createTestClock, type TestClock } from '../../src/testing/test-clock.ts'
import { type SmtpServer, startSmtp } from '../servers/smtp.ts'

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes, ok').toString('base64')}`
const PATH = '/hooks/T0KENofTHEpath'
const OPERATOR = 'ops@example.com'

interface Received {
  readonly id: string
  readonly event: unknown
}

let folder: string
let clock: TestClock
let smtp: SmtpServer
let receiver: Server
let received: Received[]
let attempts: number
let answer: number
let gates: Gate[]
let logged: string[]
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-alert-'))
  clock = createTestClock(Date.now())
  smtp = await startSmtp()
  received = []
  attempts = 0
  answer = 204
  gates = []
  logged = []
  receiver = createServer(async (req, res) => {
    const chunks: Buffer[] = []
    for await (const chunk of req) chunks.push(chunk as Buffer)
    attempts++
    const body = Buffer.concat(chunks).toString('utf8')
    // The clock of the test runs ahead of that by which the library looks for old messages.
    const headers = req.headers as Record<string, string>
    const signed = new Webhook(SECRET).sign(
      headers['webhook-id'] ?? '',
      new Date(Number(headers['webhook-timestamp']) * 1000),
      body,
    )
    expect(headers['webhook-signature']).toBe(signed)
    if (answer < 300) received.push({ id: headers['webhook-id'] ?? '', event: JSON.parse(body) })
    res.writeHead(answer).end()
  }).listen(0, '127.0.0.1')
  await once(receiver, 'listening')
})
afterEach(async () => {
  for (const gate of gates) await gate.close()
  receiver.closeAllConnections()
  receiver.close()
  await smtp.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Another one is another process on the same database. */
async function open(): Promise<Gate> {
  const log = (fields: object, message: string): void => {
    const plain = JSON.stringify(fields, (_, value: unknown) =>
      value instanceof Error ? `${value.stack} ${value.cause}` : value,
    )
    logged.push(`${plain} ${message}`)
  }
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}${PATH}`
  const alerts = { mailTo: OPERATOR, webhook: { url, secret: SECRET } }
  const settings = resolveSettings(
    { ip: false, spend: { account: { perDay: '$10' }, alerts } },
    { LOCKGATE_SMTP_URL: smtp.url },
    { databaseUrl: `sqlite:${join(folder, 'lockgate.db')}` },
  )
  const gate = await openGate(settings, {
    clock,
    log: { debug: log, info: log, warn: log, error: log },
  })
  gates.push(gate)
  return gate
}

async function newKeyId(gate: Gate): Promise<string> {
  return (await gate.keys.issue({ owner: 'ada@example.com' })).record.keyId
}

async function spend(gate: Gate, keyId: string, dollars: number): Promise<void> {
  const amount = { microUsd: dollars * 1_000_000, tokens: 0 }
  const held = await gate.spend?.reserve({ keyId }, { model: null, amount }, 'req_test')
  if (held === undefined || 'allowed' in held) throw new Error(`refused: ${held?.code}`)
  held.settle(amount, NO_USAGE)
  await gate.spend?.report()
}

/** The chores of each gate look again, and send what waits. */
const look = (): void => clock.advance(3_000)
/** What is being delivered is settled first, by the time at which it was tried. */
async function later(gate: Gate, ms: number): Promise<void> {
  await gate.post.deliver()
  clock.advance(ms)
  await gate.post.deliver()
}

const POLL = { timeout: 10_000 }
const subjects = (): unknown[] => smtp.mails.map(({ subject }) => subject).sort()

test('each percentage is told once, by a mail and by a webhook that verifies', async () => {
  const gate = await open()
  await open()
  const keyId = await newKeyId(gate)
  for (const [dollars, told] of [
    [4.9, 0],
    [0.1, 1],
    [3, 2],
    [2, 3],
  ] as const) {
    await spend(gate, keyId, dollars)
    look()
    await expect.poll(() => [smtp.mails.length, received.length], POLL).toEqual([told, told])
  }
  look()
  await new Promise((resolve) => setTimeout(resolve, 2_500))
  expect(subjects()).toEqual([
    '50% of the spend cap of $10.00 a day is used ($5.00 spent)',
    '80% of the spend cap of $10.00 a day is used ($8.00 spent)',
    'The spend cap of $10.00 a day is reached ($10.00 spent)',
  ])
  expect(smtp.mails.every(({ deliveredTo }) => deliveredTo[0] === OPERATOR)).toBe(true)
  expect(new Set(received.map(({ id }) => id)).size).toBe(3)
  expect(received.map(({ event }) => event)).toMatchObject([
    { type: 'spend.alert', data: { percent: 50, spent_micro_usd: 5_000_000, window: 'day' } },
    { type: 'spend.alert', data: { percent: 80, spent_micro_usd: 8_000_000 } },
    { type: 'spend.alert', data: { percent: 100, quota_micro_usd: 10_000_000 } },
  ])
  const rows = await gate.audit.tail({ event: 'spend.alerted' })
  expect(rows.map(({ row }) => row.details['percent'])).toEqual([50, 80, 100])
}, 60_000)

test('a webhook waits for its receiver, and neither secret nor path is in a log', async () => {
  answer = 503
  const gate = await open()
  await spend(gate, await newKeyId(gate), 6)
  look()
  const failed = 'a webhook could not be delivered; it will be tried again'
  await expect.poll(() => logged.join('\n'), POLL).toContain(failed)
  await expect.poll(() => smtp.mails.length, POLL).toBe(1)
  expect(attempts).toBe(1)
  answer = 200
  await later(gate, 10_000)
  await expect.poll(() => received.length, POLL).toBe(1)
  expect(attempts).toBe(2)
  expect(logged.join('\n')).not.toMatch(/whsec_|T0KEN|thirty-two/)
  const database = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'latin1'))
  expect(database.join('')).not.toContain(SECRET.slice('whsec_'.length))
}, 60_000)

test('a receiver that is gone for good is not asked again', async () => {
  answer = 410
  const gate = await open()
  await spend(gate, await newKeyId(gate), 6)
  look()
  await expect.poll(() => attempts, POLL).toBe(1)
  await expect.poll(() => smtp.mails.length, POLL).toBe(1)
  await later(gate, 24 * 60 * 60 * 1000)
  expect(attempts).toBe(1)
  expect(await gate.post.deliver()).toMatchObject({ waiting: 0, failed: 1 })
}, 60_000)

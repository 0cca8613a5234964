/** What a gate does for the audit log by itself: it lets go of old rows, and tells of new settings. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type LockgateConfig, resolveSettings } from '../config/index.ts'
import type { AuditEntry } from '../core/audit.ts'
import type { Gate } from '../engine/gate.ts'
import { openGate } from '../lockgate.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'
import { createTestClock, type TestClock } from '../testing/test-clock.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const QUICK = { argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 } }

let folder = ''
let clock: TestClock
const gates: Gate[] = []
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  folder = mkdtempSync(join(tmpdir(), 'lockgate-chores-'))
  clock = createTestClock()
})
afterEach(async () => {
  vi.useRealTimers()
  for (const gate of gates.splice(0)) await gate.close()
  rmSync(folder, { recursive: true })
})

const databaseUrl = () => `sqlite:${join(folder, 'lockgate.db')}`

async function open(config: LockgateConfig, actor = 'gateway', chores = true) {
  const read = { databaseUrl: databaseUrl(), keys: QUICK, ...config }
  const settings = resolveSettings(read, { LOCKGATE_LOG_LEVEL: 'silent' }, {})
  const audit = { ...settings.audit, signingKeyFile: join(folder, 'audit.pem') }
  const gate = await openGate({ ...settings, audit }, { clock, actor, chores })
  gates.push(gate)
  return gate
}

/** A second, and what it starts on the event loop. */
async function round(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1_000)
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

const rowsOf = async (gate: Gate, event?: AuditEntry['event']) =>
  (await gate.audit.tail({ pageSize: 1_000, ...(event === undefined ? {} : { event }) })).map(
    ({ row }) => row,
  )

test('rows beyond the bounds go within minutes of the start, then once an hour', async () => {
  const store = await openSqliteStore({ path: join(folder, 'lockgate.db') })
  await store.appendAudit(
    Array.from({ length: 50 }, (_, n) => ({
      ...{
        atMs: clock.wallMs() + n * HOUR_MS,
        event: 'auth.failed',
        keyId: null,
        actor: 'gateway',
      },
      ...{ address: null, requestId: null, details: {}, count: 1 },
    })),
  )
  await store.close()
  clock.advance(2 * DAY_MS + HOUR_MS)
  const gate = await open({ audit: { keepFor: '2d' } })
  const firstSeq = async () => (await rowsOf(gate))[0]?.seq
  await round()
  expect(await firstSeq()).toBe(1)
  clock.advance(MINUTE_MS)
  await round()
  await expect.poll(firstSeq).toBe(3)
  clock.advance(HOUR_MS - 1)
  await round()
  expect(await firstSeq()).toBe(3)
  clock.advance(1)
  await round()
  await expect.poll(firstSeq).toBe(4)
  expect(await gate.audit.verify()).toMatchObject({ intact: true, checkpoints: 1 })
  const told = await rowsOf(gate, 'audit.pruned')
  expect(told.map(({ details, actor }) => [actor, details['rows']])).toEqual([
    ['gateway', 2],
    ['gateway', 1],
  ])
})

test('without bounds, or in a command, nothing goes', async () => {
  for (const [config, chores] of [
    [{}, true],
    [{ audit: { keepFor: '1d' } }, false],
  ] as const) {
    const gate = await open(config, 'gateway', chores)
    const issued = await gate.keys.issue({ owner: 'ada@example.com' })
    clock.advance(99 * DAY_MS)
    await round()
    const created = await rowsOf(gate, 'key.created')
    expect(created.map(({ keyId }) => keyId)).toContain(issued.record.keyId)
  }
})

test('a start with other settings is one row that names the sections and holds no value', async () => {
  const changes = async (gate: Gate) => {
    await round()
    return (await rowsOf(gate, 'config.changed')).map(({ actor, details }) => [
      actor,
      details['changed'],
    ])
  }
  expect(await changes(await open({}))).toEqual([['gateway', 'first start']])
  expect(await changes(await open({}))).toHaveLength(1)
  const upstreamHeaders = { authorization: 'Bearer canary-1' }
  const gate = await open({ outage: 'closed', upstreamHeaders })
  expect((await changes(gate)).at(-1)).toEqual(['gateway', 'gateway outage'])
  // A secret that was exchanged is no change that the log could tell of.
  const exchanged = { authorization: 'Bearer canary-2' }
  await changes(await open({ outage: 'closed', upstreamHeaders: exchanged }))
  expect(await changes(await open({}, 'library'))).toHaveLength(3)
  expect(await changes(await open({ outage: 'open' }, 'library', false))).toHaveLength(3)
  const [, newest] = await rowsOf(gate, 'config.changed')
  expect(JSON.stringify(newest)).not.toContain('canary')
  for (const [name, digest] of Object.entries(newest?.details ?? {})) {
    if (name !== 'changed')
      expect([name, digest]).toEqual([name, expect.stringMatching(/^\w{16}$/)])
  }
})

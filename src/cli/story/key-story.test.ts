/** The story of a key, told from a real gate whose clock the test moves. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { resolveSettings } from '../../config/index.ts'
import type { Gate, IssuedKey } from '../../engine/gate.ts'
import { openGate } from '../../lockgate.ts'
import { createTestClock, type TestClock } from '../../testing/test-clock.ts'
import { readKeyStory } from './key-story.ts'
import { brokenLines, storyJson, storyText } from './tell.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const QUICK = { argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 } }
const CLI = { actor: 'cli' }

let folder = ''
let clock: TestClock
let gate: Gate
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-story-'))
  // 2025-06-15 10:00:00, so that hours can pass within a day.
  clock = createTestClock(Date.UTC(2025, 5, 15, 10))
  const config = { databaseUrl: `sqlite:${join(folder, 'lockgate.db')}`, keys: QUICK }
  const settings = resolveSettings(config, { LOCKGATE_LOG_LEVEL: 'silent' }, {})
  const signingKeyFile = join(folder, 'audit.pem')
  const audit = { ...settings.audit, signingKeyFile }
  gate = await openGate({ ...settings, audit }, { clock, actor: 'gateway', chores: false })
})
afterEach(async () => {
  await gate.close()
  rmSync(folder, { recursive: true })
})

async function ask({ key }: IssuedKey, times: number, address = '203.0.113.7'): Promise<void> {
  for (let n = 0; n < times; n++) {
    await gate.check({ presentedKey: key, address, requestId: `r${n}` })
  }
}

const storyOf = ({ record }: IssuedKey) => readKeyStory(gate, record.keyId, clock.wallMs())
const textOf = async (issued: IssuedKey) => storyText(await storyOf(issued), clock.wallMs())
const saidOf = async (issued: IssuedKey) =>
  (await storyOf(issued)).items.map(({ what, more }) => what + more)

/** Created, used, refused, leaked; what came before it and what comes after. */
async function eventfulLife() {
  const owner = 'ada@example.com'
  const first = await gate.keys.issue({ owner, scopes: ['read', 'write'], name: 'CI of Ada' }, CLI)
  clock.advance(2 * MINUTE_MS)
  const key = await gate.keys.rotate(first.record.keyId, { graceMs: HOUR_MS }, CLI)
  clock.advance(3 * MINUTE_MS)
  await ask(key, 80)
  clock.advance(HOUR_MS)
  await ask(key, 1, '198.51.100.9')
  await gate.audit.flush()
  clock.advance(20 * SECOND_MS)
  const where = 'https://paste.example/x7'
  await gate.leaks.reportId(key.record.keyId, { source: 'operator', where }, CLI)
  clock.advance(SECOND_MS)
  await ask(key, 5)
  return { first, key }
}

describe("a key's story", () => {
  test('is told in order: created, used, refused, leaked, revoked, refused again', async () => {
    const { first, key } = await eventfulLife()
    expect(await saidOf(key)).toEqual([
      `created by cli: in place of ${first.record.keyId}; scopes read, write; tier free; never expires`,
      'used for the first time',
      'refused 8 times with 429: minute, from 203.0.113.7',
      'used last: 73 requests in all, from 198.51.100.0/24 (1), 203.0.113.0/24 (72)',
      'leaked: reported by the operator, at https://paste.example/x7',
      'revoked by cli',
      'refused 5 times with 401: revoked, from 203.0.113.7',
    ])
    expect(await saidOf(first)).toEqual([
      'created by cli: scopes read, write; tier free; never expires',
      `rotated by cli; the new key is ${key.record.keyId}, works until 2025-06-15 11:02:00`,
      'expired',
    ])
  })

  test('fits 80 columns, with how long each thing took, and no colour in a pipe', async () => {
    const { first, key } = await eventfulLife()
    clock.advance(26 * HOUR_MS)
    const text = await textOf(key)
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(text).not.toContain('\u001b')
    expect(text).toContain('now          revoked 1 day ago, 2025-06-15 11:05:20 UTC: every request')
    expect(text).toContain('2025-06-15 10:05:00  used for the first time (3 minutes later)\n')
    expect(text).toContain('(20 seconds later)\n2025-06-15 11:05:20  revoked by cli\n')
    expect(text).toContain(
      `\n\nreplaces     ${first.record.keyId}  expired, created 2025-06-15 10:00`,
    )
  })

  test('follows the keys before and after it, both ways and however far', async () => {
    const ids: string[] = []
    let newest = await gate.keys.issue({ owner: 'ada@example.com' })
    const oldest = newest
    for (let n = 0; n < 3; n++) {
      ids.push(newest.record.keyId)
      clock.advance(MINUTE_MS)
      newest = await gate.keys.rotate(newest.record.keyId)
    }
    const middle = await readKeyStory(gate, ids[1] ?? '', clock.wallMs())
    const idsOf = (keys: readonly { keyId: string }[]) => keys.map(({ keyId }) => keyId)
    expect(idsOf(middle.predecessors)).toEqual([ids[0]])
    expect(idsOf(middle.successors)).toEqual([ids[2], newest.record.keyId])
    expect(idsOf((await storyOf(newest)).predecessors)).toEqual(ids.toReversed())
    expect(idsOf((await storyOf(oldest)).successors)).toEqual([ids[1], ids[2], newest.record.keyId])
  })

  test('groups refusals by day, by answer, and by what the key was then', async () => {
    const key = await gate.keys.issue({ owner: 'ada@example.com' })
    const day = async () => {
      await gate.keys.disable(key.record.keyId)
      await ask(key, 2)
      await ask(key, 3, '198.51.100.9')
      await gate.audit.flush()
      await gate.keys.enable(key.record.keyId)
      clock.advance(24 * HOUR_MS)
    }
    await day()
    await gate.keys.disable(key.record.keyId)
    for (let n = 0; n < 3; n++) {
      await ask(key, 1)
      await gate.audit.flush()
      clock.advance(12 * HOUR_MS)
    }
    const refusals = (await saidOf(key)).filter((text) => text.startsWith('refused'))
    expect(refusals).toEqual([
      'refused 5 times with 401: disabled, from 203.0.113.7 and 1 more',
      'refused 2 times with 401: disabled, from 203.0.113.7, until 22:00:00',
      'refused once with 401: disabled, from 203.0.113.7',
    ])
  })

  test('of a key that nobody used is short, and one that does not exist is none', async () => {
    const key = await gate.keys.issue({ owner: 'ada@example.com' }, CLI)
    expect(await saidOf(key)).toEqual(['created by cli: scopes read; tier free; never expires'])
    expect(storyJson(await storyOf(key))).toMatchObject({ activity: null, replaced_by: [] })
    expect(await textOf(key)).toContain('now          active: requests are answered, within its')
    await expect(readKeyStory(gate, 'Nobody00', 0)).rejects.toMatchObject({ code: 'not_found' })
  })

  test('begins with its creation also where that row was pruned', async () => {
    const key = await gate.keys.issue({ owner: 'ada@example.com' }, CLI)
    clock.advance(48 * HOUR_MS)
    await gate.audit.prune({ keepForMs: HOUR_MS, keepRows: null })
    expect(await saidOf(key)).toEqual(['created; rows of that time were pruned'])
  })

  test('in JSON has the key, its timeline with details, and its activity', async () => {
    const { first, key } = await eventfulLife()
    const story = JSON.parse(JSON.stringify(storyJson(await storyOf(key))))
    expect(story).toMatchObject({
      key: { key_id: key.record.keyId, status: 'revoked' },
      activity: { requests: 73, networks: [{ network: '198.51.100.0/24', requests: 1 }, {}] },
      ...{ replaces: [first.record.keyId], replaced_by: [] },
    })
    expect(story.timeline[2]).toMatchObject({
      ...{ event: 'limit.exceeded', time: '2025-06-15T10:05:00.000Z', status: 429, count: 8 },
      ...{ reasons: { minute: 8 }, ips: ['203.0.113.7'] },
    })
    expect(story.timeline[4]).toMatchObject({
      ...{ event: 'key.leaked', actor: 'cli', details: { source: 'operator' } },
    })
    expect(JSON.stringify(story)).not.toContain(key.key)
  })

  test('cannot be used to write to the terminal', async () => {
    const key = await gate.keys.issue({ owner: 'ada@example.com', name: 'a' })
    const where = '\u001b[2J\r\n\u202eevil'
    await gate.leaks.reportId(key.record.keyId, { source: 'scan', where })
    const text = await textOf(key)
    const dangerous = [...text.replaceAll('\n', '')].filter(
      (sign) => sign < ' ' || sign === '\u202e',
    )
    expect(dangerous).toEqual([])
  })
})

test('lines break at spaces, and inside of words only where a word is too long', () => {
  expect(brokenLines('one two three', 7)).toEqual(['one two', 'three'])
  expect(brokenLines('a 123456789 b', 4)).toEqual(['a', '1234', '5678', '9 b'])
  expect(brokenLines('', 4)).toEqual([''])
})

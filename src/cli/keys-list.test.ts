import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Folder, newFolder } from '../../tests/cli/command-line.ts'
import type { Gate } from '../engine/gate.ts'
import { lockgate } from '../lockgate.ts'
import { type KeyFilters, readKeyFilters } from './commands/keys/key-filters.ts'

const ARGON2ID = { memoryKiB: 64, passes: 1, parallelism: 1 }
/** Commands take their time on a busy machine. */
const SLOW = { timeout: 60_000 }

let folder: Folder
let gate: Gate
/** key_ids by name. */
let ids: Record<string, string>

/** A used key, and keys in every state, made by an app on the database of the folder. */
beforeAll(async () => {
  folder = newFolder({ 'lockgate.config.json': JSON.stringify({ keys: { argon2id: ARGON2ID } }) })
  const databaseUrl = `sqlite:${folder.file('lockgate.db')}`
  gate = await lockgate({
    config: { databaseUrl, keys: { argon2id: ARGON2ID } },
    chores: false,
  })
  ids = {}
  const issue = async (name: string, days?: number) => {
    const expiry = days === undefined ? {} : { expiresAtMs: Date.now() + days * 86_400_000 }
    const { key, record } = await gate.keys.issue({ owner: 'ada@example.com', name, ...expiry })
    ids[name] = record.keyId
    return { key, keyId: record.keyId }
  }
  const { key } = await issue('used')
  for (let asked = 0; asked < 3; asked++) {
    await gate.check({ presentedKey: key, address: '203.0.113.7', requestId: `req_${asked}` })
  }
  await issue('soon', 10)
  await issue('later', 20)
  await gate.keys.revoke((await issue('revoked', 10)).keyId)
  await gate.keys.disable((await issue('disabled', 10)).keyId)
  await issue('expired', 0.000_005)
  await gate.activityOf([])
  // By now it has.
  await new Promise((resolve) => setTimeout(resolve, 500))
}, 60_000)
afterAll(() => gate.close())

describe('the filters of keys list', () => {
  test.each<[KeyFilters, string[]]>([
    [{ status: 'active' }, ['later', 'soon', 'used']],
    [{ status: 'expired' }, ['expired']],
    [{ status: 'disabled' }, ['disabled']],
    [{ status: 'revoked' }, ['revoked']],
    [{ expiring: '14d' }, ['soon']],
    [{ expiring: '30d' }, ['later', 'soon']],
    [{ expiring: '14d', status: 'revoked' }, ['revoked']],
    [{ used: '7d' }, ['used']],
    [{ unused: '30d', status: 'active' }, ['later', 'soon']],
    [{ owner: 'ADA@example.com', tier: 'free', expiring: '14d' }, ['soon']],
    [{ owner: 'bob@example.com' }, []],
    [{ tier: 'paid' }, []],
  ])('%j gives %j', async (options, names) => {
    const keys = await gate.keys.list(readKeyFilters(options, Date.now()))
    expect(keys.map(({ name }) => name).sort()).toEqual(names.sort())
  })

  test.each<[KeyFilters, string]>([
    [{ unused: 'long' }, '--unused must be a duration'],
    [{ used: '1' }, '--used must be a duration'],
    [{ expiring: 'never' }, '--expiring must be a duration'],
    [{ expiring: '14d', status: 'expired' }, 'exclude each other'],
  ])('%j is wrong usage', (options, problem) => {
    expect(() => readKeyFilters(options, Date.now())).toThrow(problem)
  })
})

describe('lockgate keys list', SLOW, () => {
  test('narrows by what the options say', async () => {
    const { out } = await folder.run(
      ...['keys', 'list', '--json', '--expiring', '30d', '--unused', '1h', '--status', 'active'],
    )
    const keys: { name: string }[] = JSON.parse(out)
    expect(keys.map(({ name }) => name).sort()).toEqual(['later', 'soon'])
  })

  test('tells when each key was last used, and how often', async () => {
    const { out } = await folder.run('keys', 'list', '--json')
    const keys: { name: string; last_used_at: string | null; requests: number }[] = JSON.parse(out)
    const used = keys.find(({ name }) => name === 'used')
    expect(used?.requests).toBe(3)
    expect(used?.last_used_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    const soon = keys.find(({ name }) => name === 'soon')
    expect(soon).toMatchObject({ last_used_at: null, requests: 0 })
    const shown = await folder.run('keys', 'list')
    expect(shown.out).toContain('LAST USED')
    expect(shown.out).toContain(used?.last_used_at ?? '?')
  })

  test('show tells it, too', async () => {
    const { out } = await folder.run('keys', 'show', ids['used'] ?? '', '--json')
    expect(JSON.parse(out)).toMatchObject({ name: 'used', requests: 3 })
    const shown = await folder.run('keys', 'show', ids['soon'] ?? '')
    expect(shown.out).toMatch(/last used +never/)
  })

  test('nothing found is not taken for an empty database', async () => {
    const { out, err, code } = await folder.run('keys', 'list', '--tier', 'gold')
    expect({ out, code }).toEqual({ out: '', code: 0 })
    expect(err).toContain('No such keys')
  })

  test('what is no time ends with 2', async () => {
    const { code, err } = await folder.run('keys', 'list', '--used', 'often')
    expect(code).toBe(2)
    expect(err).toContain('--used must be a duration')
  })
})

import { generateKeyPairSync } from 'node:crypto'
import { readFileSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { newFolder, until } from '../../tests/cli/command-line.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'
import { sampleEntry } from '../testing/store-contract/samples.ts'

const CONFIG = JSON.stringify({ keys: { argon2id: { memoryKiB: 64, passes: 1 } } })
const newProject = () => newFolder({ 'lockgate.config.json': CONFIG })
/** Each command is a process of its own, which takes its time on a busy machine. */
const SLOW = { timeout: 60_000 }
const CREATE = ['keys', 'create', '--owner', 'ada@example.com', '--json']

const rowsOf = (out: string) =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

describe('lockgate audit', SLOW, () => {
  test('list --json prints one object a line, narrowed by key, event, time and number', async () => {
    const folder = newProject()
    const first = JSON.parse((await folder.run(...CREATE)).out)
    const second = JSON.parse((await folder.run(...CREATE)).out)
    await folder.run('keys', 'revoke', first.key_id)
    const list = async (...args: string[]) =>
      rowsOf((await folder.run('audit', 'list', '--json', ...args)).out)

    const all = await list()
    expect(all.map(({ event, key_id }) => [event, key_id])).toEqual([
      ['key.created', first.key_id],
      ['key.created', second.key_id],
      ['key.revoked', first.key_id],
    ])
    expect(all[0]).toMatchObject({ actor: 'cli', ip: null, request_id: null, count: 1, seq: 1 })
    expect(all[0].time).toBe(first.created_at)
    expect(await list('--key', first.key_id, '--event', 'key.revoked')).toEqual([all[2]])
    expect(await list('--limit', '1', '--since', '1h')).toEqual([all[2]])
    expect(await list('--since', '2999-01-01')).toEqual([])
    expect((await folder.run('audit', 'list')).out).toContain('owner=ada@example.com')
  })

  test('list is narrowed by several events, actor, address and end', async () => {
    const folder = newProject()
    const { key_id: id } = JSON.parse((await folder.run(...CREATE)).out)
    for (const change of ['disable', 'enable', 'revoke']) await folder.run('keys', change, id)
    const events = async (...args: string[]) =>
      rowsOf((await folder.run('audit', 'list', '--json', ...args)).out).map(({ event }) => event)

    const two = ['key.created', 'key.revoked']
    expect(await events('--event', 'key.revoked', '--event', 'key.created')).toEqual(two)
    expect(await events('--event', 'key.revoked', 'key.created')).toEqual(two)
    expect(await events('--actor', 'gateway')).toEqual([])
    expect(await events('--actor', 'cli', '--limit', '2')).toEqual(['key.enabled', 'key.revoked'])
    expect(await events('--ip', '203.0.113.7')).toEqual([])
    expect(await events('--until', '1h')).toEqual([])
    expect(await events('--until', '2999-01-01', '--since', '1h')).toHaveLength(4)
    const backwards = await folder.run('audit', 'list', '--since', '1h', '--until', '2h')
    expect([backwards.code, backwards.err]).toEqual([
      2,
      'lockgate: --until must be later than --since, or no row can match\n',
    ])
    const unknown = await folder.run('audit', 'list', '--event', 'key.revokd')
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('key.revoked?')])
  })

  test('an IPv6 address is found by the prefix that it is counted by', async () => {
    const folder = newProject()
    await folder.run(...CREATE)
    const store = await openSqliteStore({ path: folder.file('lockgate.db') })
    const address = '2001:db8:1:2::/64'
    await store.appendAudit([
      sampleEntry('auth.failed', { address, details: { reason: 'unknown' } }),
    ])
    await store.close()
    for (const ip of ['2001:db8:1:2::7', '2001:DB8:1:2:0::1', address]) {
      const { out } = await folder.run('audit', 'list', '--json', '--ip', ip)
      expect(rowsOf(out).map((row) => row.ip)).toEqual([address])
    }
    expect((await folder.run('audit', 'list', '--ip', '2001:db8:1:3::7')).out).toBe('')
  })

  test('export writes every row in each format, to stdout or a private file', async () => {
    const folder = newProject()
    const create = ['keys', 'create', '--owner', 'ada@example.com', '--name', '=1+1', '--json']
    const { key_id: id } = JSON.parse((await folder.run(...create)).out)
    await folder.run('keys', 'revoke', id)
    const listed = rowsOf((await folder.run('audit', 'list', '--json')).out)
    const exported = async (...args: string[]) => folder.run('audit', 'export', ...args)

    expect(JSON.parse((await exported('--format', 'json')).out)).toEqual(listed)
    expect(rowsOf((await exported('--format', 'ndjson')).out)).toEqual(listed)
    expect(JSON.parse((await exported('--format', 'json', '--key', 'Nobody00')).out)).toEqual([])
    const [head, first, second, end] = (await exported()).out.split('\r\n')
    expect(head).toMatch(/^time,event,key_id,actor,ip,request_id,details,count,chain,seq,/)
    expect([first, second, end]).toEqual([
      ...[expect.stringContaining(`,key.created,${id},cli,`)],
      ...[expect.stringContaining(`,key.revoked,${id},cli,,,{},1,`), ''],
    ])
    const done = await exported('--out', 'audit.csv', '--event', 'key.revoked')
    expect(done).toMatchObject({ code: 0, out: '', err: '' })
    expect(readFileSync(folder.file('audit.csv'), 'utf8')).toBe(`${head}\r\n${second}\r\n`)
    expect(statSync(folder.file('audit.csv')).mode & 0o777).toBe(0o600)
    const nowhere = await exported('--out', 'none/audit.csv')
    expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringContaining('--out')])
  })

  test('prune lets go of old rows, and verify tells whose signature stands for them', async () => {
    const folder = newProject()
    const store = await openSqliteStore({ path: folder.file('lockgate.db') })
    await store.appendAudit(Array.from({ length: 30 }, () => sampleEntry('auth.failed')))
    await store.close()
    await folder.run(...CREATE)
    const run = (...args: string[]) => folder.run('audit', ...args)

    expect(await run('prune')).toMatchObject({ code: 2, err: expect.stringContaining('--keep') })
    const dry = await run('prune', '--older-than', '90d', '--dry-run')
    expect(dry.out).toBe('30 rows would be pruned, up to 2025-06-15T15:06:40.000Z\n')
    const head = await run('head', '--out', 'before.json')
    expect(head).toMatchObject({ code: 0, out: '', err: expect.stringContaining('1 head') })
    const pruned = await run('prune', '--keep', '5', '--older-than', '90d', '--json')
    expect(JSON.parse(pruned.out)).toEqual({
      ...{ rows: 30, until: '2025-06-15T15:06:40.000Z', dry_run: false },
    })
    const verified = await run('verify', '--head', 'before.json')
    expect(verified.code).toBe(0)
    expect(verified.out).toMatch(
      /^intact: 2 rows in 1 chain\nolder rows were pruned: 1 checkpoint\nit passes through 1 exported head\nsignatures believed: \.\/lockgate-audit\.pem \([0-9a-f]{16}\)\n$/,
    )
    expect(JSON.parse((await run('verify', '--json')).out)).toMatchObject({
      ...{ intact: true, rows: 2, chains: 1, checkpoints: 1, trusted_by: 'signing key' },
    })

    // Somebody else's key: neither that of a stranger nor none at all is taken for the right one.
    rmSync(folder.file('lockgate-audit.pem'))
    const nobody = await run('verify')
    expect([nobody.code, nobody.err]).toEqual([0, expect.stringContaining('--public-key')])
    const byHeads = JSON.parse((await run('verify', '--json', '--head', 'before.json')).out)
    expect(byHeads).toMatchObject({ intact: true, trusted_by: 'heads', heads_passed: 1 })
    const { publicKey } = generateKeyPairSync('ed25519')
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    folder.write('stranger.pem', pem)
    const forged = await run('verify', '--public-key', 'stranger.pem')
    expect(forged.code).toBe(1)
    expect(forged.err).toContain('at row 30 of chain')
    expect(forged.err).toContain('checkpoint: unknown signing key')
  })

  test('evidence that cannot be read is named', async () => {
    const folder = newProject()
    await folder.run(...CREATE)
    folder.write('bad.json', '{"heads":[{"chain":"a","seq":0}]}')
    const failed = async (...args: string[]) => {
      const { code, err } = await folder.run('audit', 'verify', ...args)
      return [code, err]
    }
    expect(await failed('--head', 'bad.json')).toEqual([1, expect.stringContaining('bad.json')])
    expect(await failed('--head', 'none.json')).toEqual([1, expect.stringContaining('none.json')])
    expect(await failed('--public-key', 'bad.json')).toEqual([
      1,
      expect.stringContaining('bad.json'),
    ])
  })

  test('verify ends with 1 and names the place where a row was edited', async () => {
    const folder = newProject()
    await folder.run(...CREATE)
    await folder.run(...CREATE)
    const intact = await folder.run('audit', 'verify')
    expect(intact).toMatchObject({ code: 0, out: 'intact: 2 rows in 1 chain\n' })

    const db = new DatabaseSync(folder.file('lockgate.db'))
    const tables = db.prepare("select name from sqlite_schema where type = 'trigger'").all()
    for (const { name } of tables) db.exec(`drop trigger "${name}"`)
    const edited = db.prepare("update audit set actor = 'nobody' where seq = 2").run()
    db.close()
    expect(edited.changes).toBe(1)

    const broken = await folder.run('audit', 'verify')
    expect(broken.code).toBe(1)
    expect(broken.err).toContain('the audit log is broken at row 2 of chain')
    expect(JSON.parse((await folder.run('audit', 'verify', '--json')).out)).toMatchObject({
      ...{ intact: false, seq: 2 },
    })
    expect((await folder.run('doctor')).out).toMatch(/fail {2}audit_log +broken at row 2/)
  })

  test('tail shows what another process adds, until SIGINT', async () => {
    const folder = newProject()
    const first = JSON.parse((await folder.run(...CREATE)).out)
    const tail = folder.start('audit', 'tail', '--json')
    await until(() => rowsOf(tail.out()).length === 1, 'the newest row')
    const second = JSON.parse((await folder.run(...CREATE)).out)
    await until(() => rowsOf(tail.out()).length === 2, 'the new row')
    tail.child.kill('SIGINT')
    const { code, out, err } = await tail.ended
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(rowsOf(out).map(({ key_id }) => key_id)).toEqual([first.key_id, second.key_id])
  })
})

test('a reader that has seen enough ends a command without a word', SLOW, async () => {
  const folder = newProject()
  await folder.run(...CREATE)
  const list = folder.start('audit', 'list', '--json')
  list.child.stdout?.destroy()
  expect(await list.ended).toMatchObject({ code: 0, err: '' })
})

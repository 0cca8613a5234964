import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { newFolder, until } from '../../tests/cli/command-line.ts'

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

import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LockgateError } from '../../core/errors.ts'
import { openSqliteStore } from './index.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-open-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** The message of the refusal; fails when the path opens. */
async function refusalOf(path: string): Promise<string> {
  const refusal: unknown = await openSqliteStore({ path, busyTimeoutMs: 100 }).then(
    (store) => store.close(),
    (error) => error,
  )
  if (!(refusal instanceof LockgateError)) throw new Error(`${path} was not refused: ${refusal}`)
  expect(refusal.code).toBe('store_unavailable')
  return refusal.message
}

function foreignDatabase(path: string, ...statements: string[]): void {
  const db = new DatabaseSync(path)
  for (const statement of statements) db.exec(statement)
  db.close()
}

describe('a new database', () => {
  test('is readable and writable for its owner only, with its WAL', async () => {
    const store = await openSqliteStore({ path: join(folder, 'new.db') })
    expect(readdirSync(folder).sort()).toEqual(['new.db', 'new.db-shm', 'new.db-wal'])
    for (const name of readdirSync(folder)) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    }
    await store.close()
    expect(readdirSync(folder)).toEqual(['new.db'])
  })

  test('may be an empty file that is there already', async () => {
    const path = join(folder, 'empty.db')
    writeFileSync(path, '')
    const store = await openSqliteStore({ path })
    expect(await store.listKeys({ pageSize: 1 })).toEqual([])
    await store.close()
  })

  test('may have a name that SQLite would read as a URI', async () => {
    const path = join(folder, 'file:x?mode=memory')
    await (await openSqliteStore({ path })).close()
    expect(existsSync(path)).toBe(true)
  })

  test('is set up once when many open it at the same time', async () => {
    const path = join(folder, 'race.db')
    const stores = await Promise.all(Array.from({ length: 8 }, () => openSqliteStore({ path })))
    await Promise.all(stores.map((store) => store.close()))
    foreignDatabase(path, 'select 1')
    const db = new DatabaseSync(path)
    expect(db.prepare('select count(*) as heads from audit_heads').get()).toEqual({ heads: 1 })
    db.close()
  })
})

describe('a path that cannot be used is refused by name, and left as it is', () => {
  test.each([
    ['text', 'Dear diary, '.repeat(1000)],
    ['a few bytes', 'hello'],
    ['one byte', 'x'],
    ['zeros', '\0'.repeat(4096)],
  ])('%s', async (_, content) => {
    const path = join(folder, 'diary.txt')
    writeFileSync(path, content)
    const message = await refusalOf(path)
    expect(message).toContain(path)
    expect(message).toContain('not an SQLite database; name another file')
    expect(readFileSync(path, 'utf8')).toBe(content)
    expect(readdirSync(folder)).toEqual(['diary.txt'])
  })

  test.each([
    ['tables of another application', ['create table guests (name text)']],
    ['an application id of another application', ['pragma application_id = 252006673']],
    ['a schema version of another application', ['pragma user_version = 1']],
  ])('%s', async (_, statements) => {
    const path = join(folder, 'other.db')
    foreignDatabase(path, ...statements)
    const before = readFileSync(path)
    expect(await refusalOf(path)).toContain('belongs to another application')
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('a newer schema', async () => {
    const path = join(folder, 'newer.db')
    await (await openSqliteStore({ path })).close()
    foreignDatabase(path, 'pragma user_version = 99')
    const before = readFileSync(path)
    const message = await refusalOf(path)
    expect(message).toContain(path)
    expect(message).toMatch(/has schema 99, this version of Lockgate knows \d+; install the newer/)
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  test('a damaged database', async () => {
    const path = join(folder, 'damaged.db')
    await (await openSqliteStore({ path })).close()
    const damaged = readFileSync(path).subarray(0, 5000)
    writeFileSync(path, damaged)
    expect(await refusalOf(path)).toMatch(/damaged.*restore a backup/)
    expect(readFileSync(path).equals(damaged)).toBe(true)
  })

  test('a folder, a missing folder, a file as folder, no path', async () => {
    expect(await refusalOf(folder)).toContain(`${folder}: it is not a file`)
    const missing = join(folder, 'missing')
    expect(await refusalOf(join(missing, 'x.db'))).toContain(`there is no folder ${missing}`)
    expect(existsSync(missing)).toBe(false)
    writeFileSync(join(folder, 'file'), '')
    expect(await refusalOf(join(folder, 'file', 'x.db'))).toContain('there is no folder')
    expect(await refusalOf('')).toContain('not a path')
    expect(await refusalOf('a\0b')).toContain('not a path')
  })

  test('a file or folder that may not be written', async () => {
    const locked = join(folder, 'locked')
    mkdirSync(locked)
    const paths = ['readonly.db', 'writable.db', 'new.db'].map((name) => join(locked, name))
    for (const path of paths.slice(0, 2)) await (await openSqliteStore({ path })).close()
    chmodSync(paths[0] ?? '', 0o444)
    chmodSync(paths[1] ?? '', 0o666)
    chmodSync(locked, 0o555)
    chmodSync(folder, 0o755)
    try {
      for (const path of paths) {
        const message = openAsNobody(path)
        expect(message).toContain(path)
        expect(message).toMatch(/cannot be written.*writable for this user/)
      }
      expect(readdirSync(locked).sort()).toEqual(['readonly.db', 'writable.db'])
    } finally {
      chmodSync(locked, 0o755)
    }
  })
})

/** What a process without root's rights is told; root may write whatever the mode says. */
function openAsNobody(path: string): string {
  const module = new URL('./index.ts', import.meta.url).href
  const source = `
    const { openSqliteStore } = await import(${JSON.stringify(module)})
    await openSqliteStore({ path: ${JSON.stringify(path)} }).catch((error) => console.log(error.message))
  `
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const options = { ...nobody, encoding: 'utf8', cwd: '/' } as const
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', source], options)
  return child.stdout + child.stderr
}

test('another writer is waited for, and named when it does not end', async () => {
  const path = join(folder, 'busy.db')
  const store = await openSqliteStore({ path, busyTimeoutMs: 100 })
  const other = new DatabaseSync(path)
  other.exec('begin immediate')
  const saved = store.saveUsage([], 0)
  await expect(saved).rejects.toThrow(/another process holds its write lock/)
  expect(await store.findKey('AnyKey01')).toBeUndefined()
  const patient = store.saveUsage([], 0)
  other.exec('commit')
  await patient
  other.close()
  await store.close()
})

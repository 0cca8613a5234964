import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type Folder, newFolder } from '../../tests/cli/command-line.ts'

const CONFIG = JSON.stringify({ keys: { prefix: 'acme', argon2id: { memoryKiB: 64, passes: 1 } } })
/** Each command is a process of its own, which takes its time on a busy machine. */
const SLOW = { timeout: 60_000 }
const newProject = () => newFolder({ 'lockgate.config.json': CONFIG })

async function create(folder: Folder, ...args: string[]): Promise<{ key: string; key_id: string }> {
  const { out } = await folder.run(
    'keys',
    'create',
    '--owner',
    'ada@example.com',
    '--json',
    ...args,
  )
  return JSON.parse(out)
}

const jsonOf = async (folder: Folder, ...args: string[]) =>
  JSON.parse((await folder.run(...args, '--json')).out)

describe('lockgate keys', SLOW, () => {
  test('create --json prints one object on stdout and nothing else', async () => {
    const folder = newProject()
    const line =
      'keys create --owner ada@example.com --owner-id u1 --scopes write,read --name CI --expires 90d'
    const { code, out, err } = await folder.run(...line.split(' '), '--tier', 'paid', '--json')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out.trimEnd().split('\n')).toHaveLength(1)
    const created = JSON.parse(out)
    expect(created).toMatchObject({
      ...{ owner: 'ada@example.com', owner_external_id: 'u1', tier: 'paid', name: 'CI' },
      ...{ scopes: ['read', 'write'], status: 'active', mode: 'live' },
    })
    expect(created.key).toMatch(/^acme_live_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}$/)
    expect(created.key.split('_')[2]).toBe(created.key_id)
    expect(created.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    const lifetimeMs = Date.parse(created.expires_at) - Date.parse(created.created_at)
    expect(Math.round(lifetimeMs / 86_400_000)).toBe(90)
  })

  test('a key is shown once: no later command, and no file, holds it', async () => {
    const folder = newProject()
    const { code, out } = await folder.run('keys', 'create', '--owner', 'ada@example.com', '--test')
    expect(code).toBe(0)
    expect(out).toContain('shown this once')
    const [key = '', id = '', secret = ''] = /acme_test_(\w{8})_(\w{49})/.exec(out) ?? []
    expect(out.split(key)).toHaveLength(2)
    const later = await Promise.all([
      folder.run('keys', 'list'),
      folder.run('keys', 'list', '--json'),
      folder.run('keys', 'show', id),
      folder.run('keys', 'show', id, '--json'),
      folder.run('audit', 'list', '--json'),
    ])
    for (const { out, err } of later) {
      expect(out).toContain(id)
      expect(out + err).not.toContain(secret)
      expect(out + err).not.toContain('argon2')
    }
    for (const name of readdirSync(folder.path)) {
      expect(readFileSync(folder.file(name)).includes(secret)).toBe(false)
    }
  })

  test('disable, enable and revoke change the status; a revoked key stays revoked', async () => {
    const folder = newProject()
    const { key_id } = await create(folder)
    expect(await jsonOf(folder, 'keys', 'disable', key_id)).toMatchObject({ status: 'disabled' })
    expect(await jsonOf(folder, 'keys', 'enable', key_id)).toMatchObject({ status: 'active' })
    expect(await jsonOf(folder, 'keys', 'revoke', key_id)).toMatchObject({ status: 'revoked' })
    const again = await folder.run('keys', 'enable', key_id)
    expect(again.code).toBe(1)
    expect(again.err.trimEnd().split('\n')).toHaveLength(1)
    expect(await jsonOf(folder, 'keys', 'list', '--status', 'active')).toEqual([])
  })

  test('rotate gives a new key and says until when the old one works', async () => {
    const folder = newProject()
    const { key_id } = await create(folder, '--scopes', 'write')
    const rotated = await jsonOf(folder, 'keys', 'rotate', key_id, '--grace', '1h')
    expect(rotated).toMatchObject({ rotated_from: key_id, scopes: ['write'], replaced: { key_id } })
    expect(rotated.key).not.toContain(key_id)
    const leftMs = Date.parse(rotated.replaced.expires_at) - Date.now()
    expect(leftMs).toBeGreaterThan(3_500_000)
    expect(leftMs).toBeLessThanOrEqual(3_600_000)
  })

  test('a full key in place of its ID works, with a warning that does not repeat it', async () => {
    const folder = newProject()
    const { key, key_id } = await create(folder)
    const { code, out, err } = await folder.run('keys', 'revoke', key, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ key_id, status: 'revoked' })
    expect(err).toContain('warning: that was a full key')
    expect(out + err).not.toContain(key)
  })

  test('import takes a hash over; what is no hash is refused', async () => {
    const folder = newProject()
    const hash = '$2b$10$abcdefghijklmnopqrstuuT6ZsGNGYFsFhCkYHEpCpI8oS1yFwW8K'
    const line = ['keys', 'import', '--key-id', 'Zz12Yy34', '--owner', 'ada@example.com']
    const { code, out } = await folder.run(...line, '--hash', hash, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ key_id: 'Zz12Yy34', status: 'active' })
    expect(out).not.toContain(hash)
    expect((await folder.run(...line, '--hash', 'md5:abc')).code).toBe(1)
  })

  test.each([
    ['keys show aaaaaaaa', 'there is no key aaaaaaaa'],
    ['keys create --owner nobody', 'the owner must be one e-mail address'],
    ['keys create --owner a@b.c --tier gold', 'there is no tier "gold"; the tiers are free, paid'],
    ['keys create --owner a@b.c --expires 2020-01-01', 'the expiry must be a time in the future'],
  ])('what is refused ends with 1 and one line: %s', async (line, expected) => {
    const { code, out, err } = await newProject().run(...line.split(' '))
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain(expected)
    expect(err.trimEnd().split('\n')).toHaveLength(1)
  })

  test('text that others chose cannot control the terminal', async () => {
    const folder = newProject()
    await create(folder, '--name', 'a\u202eb')
    expect((await folder.run('keys', 'list')).out).toContain('a\ufffdb')
  })
})

test(
  'several processes on one database: every key is there, the log is one chain',
  SLOW,
  async () => {
    const folder = newProject()
    await folder.run('keys', 'list')
    const created = await Promise.all(Array.from({ length: 4 }, () => create(folder)))
    const listed: { key_id: string }[] = await jsonOf(folder, 'keys', 'list')
    const ids = (keys: readonly { key_id: string }[]) => keys.map(({ key_id }) => key_id).sort()
    expect(ids(listed)).toEqual(ids(created))
    expect(await jsonOf(folder, 'audit', 'verify')).toMatchObject({ intact: true, rows: 4 })
  },
)

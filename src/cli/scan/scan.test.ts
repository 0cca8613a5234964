/** `lockgate scan` as a person runs it: real files, real repositories, a real database. */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type Folder, newFolder } from '../../../tests/cli/command-line.ts'
import { encodeUint32 } from '../../core/key/base62.ts'
import { createKeyFormat } from '../../core/key/format.ts'

const CONFIG = JSON.stringify({ keys: { prefix: 'acme', argon2id: { memoryKiB: 64, passes: 1 } } })
const SLOW = { timeout: 60_000 }
const newProject = () => newFolder({ 'lockgate.config.json': CONFIG })

interface Created {
  readonly key: string
  readonly key_id: string
}

async function create(folder: Folder): Promise<Created> {
  const { out } = await folder.run('keys', 'create', '--owner', 'ada@example.com', '--json')
  return JSON.parse(out)
}

/** In the folder `code`, so that the database beside it is not searched. */
function put(folder: Folder, name: string, text: string | Buffer): void {
  const path = folder.file(`code/${name}`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

function git(folder: Folder, ...args: string[]): string {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com']
  const quiet = ['-c', 'commit.gpgsign=false', '-c', 'init.defaultBranch=main']
  return execFileSync('git', [...identity, ...quiet, ...args], {
    cwd: folder.file('code'),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim()
}

function commit(folder: Folder, message: string): string {
  git(folder, 'add', '--all')
  git(folder, 'commit', '--quiet', '--allow-empty', '--message', message)
  return git(folder, 'rev-parse', 'HEAD')
}

/** With a checksum that fits: anybody can write one. */
const sealed = (body: string): string => body + encodeUint32(crc32(body))

const scanJson = async (folder: Folder, ...args: string[]) => {
  const { code, out, err } = await folder.run('scan', ...args, '--json')
  return { code, err, found: JSON.parse(out) as Record<string, unknown>[] }
}

describe('files', SLOW, () => {
  test('an active key is found, named with its place and owner, and never shown: exit 1', async () => {
    const folder = newProject()
    const { key, key_id } = await create(folder)
    put(folder, 'src/app.ts', `// app\nconst key = '${key}'\n`)
    put(folder, 'README.md', key)
    const { code, out, err } = await folder.run('scan', 'code')
    expect(out).toBe(
      `code/README.md:1 ${key_id} active (ada@example.com, never used) and 1 more place\n`,
    )
    expect(err).toContain('2 files: 1 key, 1 active')
    expect(out + err).not.toContain(key.slice(14))
    expect(code).toBe(1)
  })

  test('a revoked key is found, too, and is no alarm: exit 0', async () => {
    const folder = newProject()
    const { key, key_id } = await create(folder)
    await folder.run('keys', 'revoke', key_id)
    put(folder, 'a', key)
    const { code, found } = await scanJson(folder, 'code')
    expect(found).toMatchObject([{ key_id, status: 'revoked', places: ['code/a:1'], count: 1 }])
    expect(code).toBe(0)
  })

  test('a string around a real key_id is no key of ours, and cannot have it revoked', async () => {
    const folder = newProject()
    const { key_id } = await create(folder)
    const format = createKeyFormat('acme')
    const { secret } = format.generate('live')
    put(folder, 'a', sealed(`acme_live_${key_id}_${secret}`))
    const { code, found } = await scanJson(folder, 'code', '--report')
    expect(found).toMatchObject([{ key_id, status: 'unknown', owner: null, effect: null }])
    expect(code).toBe(0)
    const { out } = await folder.run('keys', 'show', key_id, '--json')
    expect(JSON.parse(out).status).toBe('active')
  })

  test('.git and node_modules are passed over unless they are named; links are not followed', async () => {
    const folder = newProject()
    const { key } = createKeyFormat('acme').generate('live')
    put(folder, 'node_modules/x/a', key)
    put(folder, '.git/a', key)
    mkdirSync(folder.file('elsewhere'))
    folder.write('elsewhere/a', key)
    symlinkSync(folder.file('elsewhere'), folder.file('code/link'))
    symlinkSync(folder.file('elsewhere/a'), folder.file('code/file'))
    symlinkSync(folder.file('code'), folder.file('code/round'))
    expect((await scanJson(folder, 'code', '--offline')).found).toEqual([])
    const { found } = await scanJson(
      folder,
      'code/node_modules',
      'code/.git',
      'code/link',
      '--offline',
    )
    expect(found).toMatchObject([{ count: 3 }])
  })

  test('what cannot be read is named, and the rest is searched', async () => {
    const folder = newProject()
    const { key } = createKeyFormat('acme').generate('live')
    put(folder, 'z', key)
    symlinkSync('/dev/null', folder.file('code/device'))
    put(folder, 'closed/a', key)
    chmodSync(folder.file('code/closed'), 0)
    const isRoot = process.getuid?.() === 0
    const { code, found, err } = await scanJson(folder, 'code', '--offline')
    chmodSync(folder.file('code/closed'), 0o700)
    expect(found).toMatchObject([{ count: isRoot ? 2 : 1 }])
    if (!isRoot) expect(err).toContain('code/closed cannot be read (EACCES)')
    expect(code).toBe(1)
  })

  test('a path that is not there is wrong usage, not a clean result', async () => {
    const { code, out, err } = await newProject().run('scan', 'cdoe')
    expect([code, out]).toEqual([2, ''])
    expect(err).toBe('lockgate: there is no file or folder "cdoe"\n')
  })

  test('without a database: any key counts, of any prefix that is named, and none is made', async () => {
    const folder = newProject()
    const { key } = createKeyFormat('other').generate('live')
    put(folder, 'a', key)
    expect((await folder.run('scan', 'code', '--offline')).code).toBe(0)
    const { code, out } = await folder.run('scan', 'code', '--offline', '--prefix', 'other')
    expect([code, out]).toEqual([1, expect.stringMatching(/^code\/a:1 \w{8} unknown\n$/)])
    expect(readdirSync(folder.path).toSorted()).toEqual(['code', 'lockgate.config.json'])
  })

  test('a file of 100 MB is searched in little memory', async () => {
    const folder = newProject()
    const { key, keyId } = createKeyFormat('sk').generate('live')
    mkdirSync(folder.file('code'))
    const descriptor = openSync(folder.file('code/large'), 'w')
    const megabyte = Buffer.alloc(1_048_576, 'some text _live_ of no interest\n')
    for (let round = 0; round < 100; round++) writeSync(descriptor, megabyte)
    writeSync(descriptor, `\n${key}`)
    const env = { NODE_OPTIONS: '--max-old-space-size=64' }
    const running = folder.startWith(env, 'scan', 'code', '--offline', '--json')
    const { code, out } = await running.ended
    rmSync(folder.file('code/large'))
    expect(JSON.parse(out)).toMatchObject([{ key_id: keyId, places: ['code/large:3276802'] }])
    expect(code).toBe(1)
  })
})

describe('--history', SLOW, () => {
  test('a key that was deleted long ago is found, with the commit that brought it', async () => {
    const folder = newProject()
    const { key, key_id } = await create(folder)
    put(folder, 'a.txt', 'nothing')
    git(folder, 'init', '--quiet')
    commit(folder, 'first')
    put(folder, 'src/a b.ts', `\n\nconst key = '${key}'`)
    const leak = commit(folder, 'leak')
    put(folder, 'src/a b.ts', 'nothing')
    commit(folder, 'clean')
    expect((await scanJson(folder, 'code')).found).toEqual([])
    const { code, found } = await scanJson(folder, 'code/src', '--history')
    const place = `${leak.slice(0, 12)}:src/a b.ts:3`
    expect(found).toMatchObject([{ key_id, status: 'active', places: [place], count: 1 }])
    expect(code).toBe(1)
  })

  test('in other branches, tags, stashes, merges, messages and commits that were amended away', async () => {
    const folder = newProject()
    const keys = Array.from({ length: 7 }, () => createKeyFormat('acme').generate('live'))
    const [branch, tag, stash, merge, message, amended, binary] = keys.map(({ key }) => key)
    put(folder, 'a', '1')
    git(folder, 'init', '--quiet')
    commit(folder, 'first')
    git(folder, 'checkout', '--quiet', '-b', 'side')
    put(folder, 'b', branch ?? '')
    commit(folder, 'side')
    git(folder, 'checkout', '--quiet', 'main')
    git(folder, 'tag', '--annotate', 'v1', '--message', tag ?? '')
    put(folder, 'a', stash ?? '')
    git(folder, 'stash')
    git(folder, 'merge', '--quiet', '--no-ff', '--no-commit', 'side')
    put(folder, 'c', merge ?? '')
    commit(folder, `merged ${message}`)
    put(folder, 'd', amended ?? '')
    commit(folder, 'oops')
    put(folder, 'd', Buffer.from(`\0\xff${binary}\0`, 'latin1'))
    git(folder, 'add', '--all')
    git(folder, 'commit', '--quiet', '--amend', '--no-edit')
    const { found } = await scanJson(folder, 'code/a', '--history', '--offline')
    expect(found.map(({ key_id }) => key_id).toSorted()).toEqual(
      keys.map(({ keyId }) => keyId).toSorted(),
    )
    for (const { places } of found) {
      expect(places).toEqual([expect.stringMatching(/^[0-9a-f]{12}:(a|b|c|d|\(message\)):\d+$/)])
    }
  })

  test('each file once, however many commits have it', async () => {
    const folder = newProject()
    const { key } = createKeyFormat('acme').generate('live')
    put(folder, 'a', key)
    git(folder, 'init', '--quiet')
    const first = commit(folder, 'first')
    for (let round = 0; round < 5; round++) {
      put(folder, 'other', `${round}`)
      commit(folder, `${round}`)
    }
    const { found } = await scanJson(folder, 'code', 'code/other', '--history', '--offline')
    expect(found).toMatchObject([{ places: ['code/a:1', `${first.slice(0, 12)}:a:1`], count: 2 }])
  })

  test('a shallow clone is said to be one', async () => {
    const folder = newProject()
    put(folder, 'a', '1')
    git(folder, 'init', '--quiet')
    commit(folder, 'first')
    commit(folder, 'second')
    git(folder, 'clone', '--quiet', '--depth', '1', `file://${folder.file('code')}`, '../shallow')
    const { code, err } = await folder.run('scan', 'shallow', '--history', '--offline')
    expect(err).toContain('shallow is a shallow clone; "git fetch --unshallow"')
    expect(code).toBe(0)
  })

  test('a repository without a commit has no keys', async () => {
    const folder = newProject()
    put(folder, 'a', '1')
    git(folder, 'init', '--quiet')
    expect((await folder.run('scan', 'code', '--history', '--offline')).code).toBe(0)
  })

  test('no repository, or no git, is one line', async () => {
    const folder = newProject()
    put(folder, 'a', '1')
    const none = await folder.run('scan', 'code', '--history')
    expect(none.err).toContain('--history: git failed: fatal: not a git repository')
    const missing = await folder.startWith({ PATH: '' }, 'scan', 'code', '--history').ended
    expect(missing.err).toBe('lockgate: --history needs git, which is not installed here\n')
    expect([none.code, missing.code]).toEqual([1, 1])
  })
})

describe('--report', SLOW, () => {
  test('revokes what is active, with the place in the audit log, and still exits 1', async () => {
    const folder = newProject()
    const { key, key_id } = await create(folder)
    put(folder, 'src/app.ts', `\n${key}`)
    const first = await scanJson(folder, 'code', '--report')
    expect(first.found).toMatchObject([{ key_id, status: 'revoked', effect: 'revoked' }])
    expect(first.code).toBe(1)
    const { out } = await folder.run('audit', 'list', '--event', 'key.leaked', '--json')
    expect(JSON.parse(out)).toMatchObject({
      ...{ key_id, actor: 'cli', details: { source: 'scan', where: 'code/src/app.ts:2' } },
    })
    expect((await scanJson(folder, 'code', '--report')).code).toBe(0)
    expect(readdirSync(folder.file('outbox'))).toHaveLength(1)
  })
})

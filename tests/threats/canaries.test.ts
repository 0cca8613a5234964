/**
 * Canaries: a key, its hash, the upstream's credential, passwords of databases and the token of a
 * mail are driven through the gateway, the middleware and the commands, on good days and bad, with
 * everything logged. None of them may show in what was written, but for a key where it is made and a
 * hash in the database.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqliteStore } from '../../src/stores/sqlite/index.ts'
import { type Ended, type Folder, newFolder, until } from '../cli/command-line.ts'
import { RawClient } from '../gateway/raw-client.ts'
import { found, needlesOf } from './needles.ts'

const UPSTREAM_SECRET = 'canary-Zk3vQ81-of-the-upstream'
const CONFIG = {
  keys: { argon2id: { memoryKiB: 64, passes: 1 } },
  ip: { failures: { quota: 1_000, window: '1m' } },
  tiers: { free: { limits: [{ name: 'minute', quota: 8, window: '1m' }] } },
  upstreamHeaders: { authorization: `Bearer ${UPSTREAM_SECRET}` },
}
/** 32 random bytes as a mail would carry them. */
const MAIL_TOKEN = 'Zk3vQ81cTnK2xLw9RbYp5DfHs7JmVgE4uAiOqXeNtz0'
const PASSWORD = 'canary/of@the?database'
const URLS = {
  LOCKGATE_DATABASE_URL: `postgres://ada:${PASSWORD}@127.0.0.1:1/lockgate`,
  LOCKGATE_REDIS_URL: `redis://:${PASSWORD}@127.0.0.1:1/0`,
}
const EVERYTHING = { LOCKGATE_LOG_LEVEL: 'trace' }
const SLOW = 120_000

/** Answers by path: 401, an answer that is no HTTP, or a connection that is cut. */
let upstream: Server
let upstreamUrl: string
beforeAll(async () => {
  upstream = createServer((request, response) => {
    if (request.url === '/401') response.writeHead(401).end('no')
    else if (request.url === '/cut') request.socket.destroy()
    else if (request.url === '/bad') request.socket.end('HTTP/1.1 nonsense\r\n\r\n')
    else response.end('ok')
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
})
afterAll(() => {
  upstream.closeAllConnections()
  upstream.close()
})

async function newProject(): Promise<{ folder: Folder; key: string; hash: string }> {
  const folder = newFolder({ 'lockgate.config.json': JSON.stringify(CONFIG) })
  const { out } = await folder.run(...'keys create --owner ada@example.com --json'.split(' '))
  const key: string = JSON.parse(out).key
  const store = await openSqliteStore({ path: folder.file('lockgate.db') })
  const hash = (await store.findKey(key.slice(8, 16)))?.secretHash ?? ''
  await store.close()
  expect(hash).toContain('$argon2id$')
  return { folder, key, hash }
}

/** Every way in which `key` can be sent, right and wrong. */
function requestsWith(key: string): string[] {
  const damaged = `${key.slice(0, -1)}!`
  const wrong = key.slice(0, 20) + (key[20] === 'a' ? 'b' : 'a') + key.slice(21)
  const lines = (path: string, ...headers: string[]) =>
    [`GET ${path} HTTP/1.1`, 'Host: a', ...headers, '', ''].join('\r\n')
  return [
    ...['/', '/401', '/cut', '/bad'].map((path) => lines(path, `Authorization: Bearer ${key}`)),
    lines('/', `X-API-Key: ${key}`, `X-Request-Id: ${key}`, `User-Agent: ${key}`, `Cookie: ${key}`),
    lines('/', `X-API-Key: ${damaged}`),
    lines('/', `X-API-Key: ${wrong}`),
    lines('/', `Authorization: Basic ${Buffer.from(`u:${key}`).toString('base64')}`),
    lines('/', `Authorization: Bearer ${key} ${key}`),
    lines('/', `Authorization: Bearer ${key}`, `X-API-Key: ${damaged}`),
    lines('/', `Authorization: Bearer ${key}`, `Authorization: Bearer ${key}`),
    lines(`/?api_key=${key}`),
    lines(`/?q=${encodeURIComponent(encodeURIComponent(key))}`),
    lines(`/${key}`),
    lines(`//${key}@evil.example/`),
    lines('/', `X-Forwarded-For: ${key}`, `Forwarded: for=${key}`),
    lines(`/replace/${MAIL_TOKEN}`, `X-API-Key: ${key}`, `Referer: /replace/${MAIL_TOKEN}`),
    lines(`/replace/${MAIL_TOKEN}`),
    lines('/', `Host: ${key}`),
    lines('/', `Content-Length: ${key}`),
    lines('/', `Transfer-Encoding: ${key}`),
    lines('/', `Expect: ${key}`),
    lines('/', `Upgrade: ${key}`, 'Connection: upgrade'),
    lines('/', `${key} : a`),
    `${key} / HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: a\r\n${key}\r\n\r\n`,
    ...Array.from({ length: 12 }, () => lines('/', `Authorization: Bearer ${key}`)),
  ]
}

async function sendAll(port: number, key: string): Promise<void> {
  for (const text of requestsWith(key)) {
    const client = new RawClient(port).send(text)
    // Not every one gets an answer; some are cut, and some wait for more.
    await client.answer(1_000).catch(() => undefined)
    client.end()
  }
}

/** From here on every statement of whoever has the database open fails. */
function dropTables(path: string): void {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA foreign_keys = OFF')
  const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()
  for (const { name } of tables) {
    if (!String(name).startsWith('sqlite_')) database.exec(`DROP TABLE "${name}"`)
  }
  database.close()
}

/** The files of the database, as bytes. */
const databaseOf = (folder: Folder): string =>
  readdirSync(folder.path)
    .filter((name) => name.startsWith('lockgate.db'))
    .map((name) => readFileSync(folder.file(name)).toString('latin1'))
    .join('')

test('the gateway, its log at trace, its audit and its crash hold none', {
  timeout: SLOW,
}, async () => {
  const { folder, key, hash } = await newProject()
  const args = ['serve', '--upstream', upstreamUrl, '--port', '0', '--admin-port', '0']
  const served = folder.startWith(EVERYTHING, ...args)
  await until(() => /gateway on \S+ in front/.test(served.err()), 'serve')
  const port = Number(/gateway on http:\/\/127\.0\.0\.1:(\d+)/.exec(served.err())?.[1])
  await sendAll(port, key)
  await until(() => served.out().includes('limit.exceeded'), 'an audit row')
  dropTables(folder.file('lockgate.db'))
  await sendAll(port, key)
  await until(() => served.err().includes('"level":50'), 'an error')
  served.child.kill('SIGTERM')
  const { out, err } = await served.ended
  expect(found(out + err, [...needlesOf(key), hash, UPSTREAM_SECRET, MAIL_TOKEN])).toEqual([])
})

test('the database holds the hash, and no secret in any form', { timeout: SLOW }, async () => {
  const { folder, key, hash } = await newProject()
  const served = folder.start(
    'serve',
    '--upstream',
    upstreamUrl,
    '--port',
    '0',
    '--admin-port',
    '0',
  )
  await until(() => /gateway on \S+ in front/.test(served.err()), 'serve')
  const port = Number(/gateway on http:\/\/127\.0\.0\.1:(\d+)/.exec(served.err())?.[1])
  await sendAll(port, key)
  await until(() => served.out().includes('limit.exceeded'), 'an audit row')
  const running = databaseOf(folder)
  served.child.kill('SIGTERM')
  await served.ended
  const rotated = JSON.parse((await folder.run('keys', 'rotate', key.slice(8, 16), '--json')).out)
  await folder.run('keys', 'revoke', key.slice(8, 16))
  for (const bytes of [running, databaseOf(folder)]) {
    expect(bytes).toContain(hash)
    expect(found(bytes, [...needlesOf(key), ...needlesOf(rotated.key), UPSTREAM_SECRET])).toEqual(
      [],
    )
  }
})

test('the commands hold none, also when they fail', { timeout: SLOW }, async () => {
  const { folder, key, hash } = await newProject()
  const run = (...args: string[]): Promise<Ended> => folder.runWith(EVERYTHING, ...args)
  const said: Ended[] = await Promise.all([
    run('keys', 'list', '--json'),
    run('keys', 'show', key),
    run('keys', 'show', `${key}x`),
    run('keys', key),
    run(key),
    run('keys', 'create', '--owner', key),
    run('keys', 'create', '--owner', 'a@example.com', '--tier', key),
    run('keys', 'import', '--key-id', 'aaaaaaaa', '--owner', 'a@example.com', '--hash', `${hash}x`),
    run('keys', 'import', '--key-id', key, '--owner', 'a@example.com', '--hash', hash),
    run('audit', 'list', '--key', key.slice(8, 16), '--json'),
    run('audit', 'verify', `--${key}`),
    run('doctor'),
    run('tiers'),
    run('serve', '--upstream', `http://u:${UPSTREAM_SECRET}@127.0.0.1:1/`),
    run('serve', '--port', key),
  ])
  folder.write(
    'broken.mjs',
    `const authorization = 'Bearer ${UPSTREAM_SECRET}'\nexport default { upstreamHeaders: { authorization, 'a b': authorization, b: [authorization] }, kees: {} }`,
  )
  folder.write('broken.json', `{ "upstreamHeaders": { "authorization": "${UPSTREAM_SECRET}" `)
  said.push(
    await run('doctor', '--config', 'broken.mjs'),
    await run('tiers', '--config', 'broken.mjs'),
  )
  said.push(await run('tiers', '--config', 'broken.json'))
  const text = said.map(({ out, err }) => out + err).join('\n')
  expect(said.some(({ code }) => code === 1) && said.some(({ code }) => code === 2)).toBe(true)
  expect(found(text, [...needlesOf(key), hash, UPSTREAM_SECRET])).toEqual([])
})

test.each(Object.entries(URLS))(
  'the password in %s, when it cannot be used, is in no command',
  {
    timeout: SLOW,
  },
  async (name, url) => {
    const { folder } = await newProject()
    const env = { ...EVERYTHING, [name]: url }
    const said = await Promise.all([
      folder.runWith(env, 'serve', '--upstream', upstreamUrl, '--port', '0', '--admin-port', '0'),
      folder.runWith(env, 'keys', 'list'),
      folder.runWith(env, 'doctor'),
      folder.runWith(env, 'keys', 'show', url),
      folder.runWith(env, url),
    ])
    const text = said.map(({ out, err }) => out + err).join('\n')
    expect(said.some(({ code }) => code !== 0)).toBe(true)
    expect(found(text, [PASSWORD, 'canary/of', 'the?database'])).toEqual([])
  },
)

const LOGGING = fileURLToPath(new URL('./logging-app.ts', import.meta.url))

test('an app that hands all of them to the logger, in errors and their causes, writes none', {
  timeout: SLOW,
}, async () => {
  const { folder, key, hash } = await newProject()
  const secrets = [key, hash, `/replace/${MAIL_TOKEN}`, `Bearer ${UPSTREAM_SECRET}`]
  secrets.push(...Object.values(URLS))
  const env = { PATH: process.env['PATH'] ?? '', SECRETS: JSON.stringify(secrets) }
  const app = spawn(process.execPath, [LOGGING], { cwd: folder.path, env, stdio: 'pipe' })
  let said = ''
  app.stderr.on('data', (chunk) => {
    said += chunk
  })
  await once(app, 'close')
  expect(said.trimEnd().split('\n')).toHaveLength(secrets.length)
  expect(said).toContain('"instance":"canary"')
  const needles = [...needlesOf(key).slice(0, 3), hash, hash.slice(-20), UPSTREAM_SECRET]
  expect(found(said, [...needles, MAIL_TOKEN, 'canary/of', 'the?database'])).toEqual([])
})

const APP = fileURLToPath(new URL('./guarded-app.ts', import.meta.url))

test('an app behind the guard, with its own errors, holds none', { timeout: SLOW }, async () => {
  const { folder, key, hash } = await newProject()
  const env = { PATH: process.env['PATH'] ?? '', ...EVERYTHING }
  const app = spawn(process.execPath, [APP], { cwd: folder.path, env, stdio: 'pipe' })
  let said = ''
  for (const stream of [app.stdout, app.stderr])
    stream.on('data', (chunk) => {
      said += chunk
    })
  const ended = once(app, 'close')
  await until(() => said.includes('port '), 'the app')
  const port = Number(/port (\d+)/.exec(said)?.[1])
  await sendAll(port, key)
  app.kill('SIGTERM')
  await ended
  expect(said).toContain('request_id')
  expect(found(said, [...needlesOf(key), hash])).toEqual([])
})

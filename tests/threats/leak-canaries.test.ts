/**
 * Canaries on the path of a leak: keys, their hashes, tokens of links, the mail server's login and the
 * reports of GitHub go through a server that logs everything, on good days and bad. None of them may
 * show in what it wrote, answered or kept, but for the new key on the page that is there to show it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../cli/command-line.ts'
import { type Serving, serve } from '../e2e/serving.ts'
import { RawClient } from '../gateway/raw-client.ts'
import { type EchoingSmtp, startEchoingSmtp } from './echoing-smtp.ts'
import {
  type KeyServer,
  keyListOf,
  newSigners,
  sendReport,
  signedReport,
  startKeyServer,
} from './github-reports.ts'
import { found, needlesOf } from './needles.ts'

const USER = 'canary-user-Xq4Lm'
const PASSWORD = 'canary/pass@Vn8#Rt2w'
/** In a member of GitHub's report that we do not know. */
const REPORTED = 'canary-report-Jw5Zk'
const SLOW = 120_000
const signers = newSigners()

let smtp: EchoingSmtp
let github: KeyServer
let serving: Serving
/** Every answer, status line and all, but the page that shows the new key. */
let answers: string[] = []
beforeEach(async () => {
  smtp = await startEchoingSmtp()
  github = await startKeyServer(keyListOf(signers))
  const login = `${encodeURIComponent(USER)}:${encodeURIComponent(PASSWORD)}`
  const config = {
    keys: { argon2id: { memoryKiB: 64, passes: 1 } },
    ip: { failures: { quota: 1_000, window: '1m' } },
    mail: { operatorCopy: 'ops@example.com' },
    leaks: { github: { publicKeysUrl: github.url } },
  }
  serving = await serve(config, {
    LOCKGATE_LOG_LEVEL: 'trace',
    LOCKGATE_SMTP_URL: `smtp://${login}@127.0.0.1:${smtp.port}`,
  })
  answers = []
}, SLOW)
afterEach(async () => {
  await serving.stop()
  await smtp.stop()
  await github.close()
})

const tokenOf = (link: string | undefined): string => link?.split('/').at(-1) ?? ''

async function ask(path: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(`${serving.adminUrl}${path}`, { redirect: 'manual', ...init })
  const text = `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`
  answers.push(text)
  return text
}

const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<string> =>
  ask(path, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
const form = (path: string, body: string, headers: Record<string, string> = {}): Promise<string> =>
  post(path, body, { 'content-type': 'application/x-www-form-urlencoded', ...headers })
const report = (key: string): Promise<string> => post('/v1/leaks', JSON.stringify({ key }))

/** Until the mail server has seen so many links. */
const linksSeen = (count: number): Promise<void> =>
  until(() => smtp.links.length >= count, `${count} links`)

/** Everything that is no report of `key`, and names it all the same. */
async function misreport(key: string): Promise<void> {
  const wrong = key.slice(0, 20) + (key[20] === 'a' ? 'b' : 'a') + key.slice(21)
  await report(`${key}x`)
  await report(wrong)
  await post('/v1/leaks', `{"key":"${key}"`)
  await post('/v1/leaks', JSON.stringify({ [key]: key }))
  await post('/v1/leaks', JSON.stringify({ key: [key] }))
  await post('/v1/leaks', JSON.stringify({ key: wrong, where: `at ${key}` }))
  await post(`/v1/leaks?key=${key}`, '{}')
  await post(`/v1/leaks/${key}`, '{}')
  await post('/v1/leaks', key, { 'content-type': 'text/plain' })
  await post('/v1/leaks', key, { 'content-encoding': 'gzip' })
  await form('/v1/leaks', `key=${key}`)
  await post('/v1/keys', JSON.stringify({ owner: key }), { 'idempotency-key': key })
  await post(`/v1/keys/${key}/rotate`, '{}', { authorization: `Bearer ${wrong}` })
}

/** Everything that a link is not for. */
async function misuse(token: string): Promise<void> {
  const path = `/replace/${token}`
  const raw = (text: string) => new RawClient(Number(new URL(serving.adminUrl).port)).send(text)
  const client = raw(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${token}\r\n\r\n`)
  answers.push((await client.answer(1_000).catch(() => undefined))?.body ?? '')
  client.end()
  await ask(`/replace/${token.slice(0, -1)}`)
  await ask(`${path}x`, { headers: { accept: 'application/json' } })
  await ask(`${path}/x`)
  await ask(`/replace?token=${token}`)
  await ask(path, { method: 'PUT' })
  await ask('/health', { headers: { referer: `${serving.adminUrl}${path}`, cookie: token } })
  await form(path, `action=${token}`)
  await form(path, 'action=keep')
  await form(path, 'action=replace', { origin: 'https://evil.example' })
  await post(path, `{"action":"${token}"}`, { accept: 'application/json' })
  await post('/v1/leaks', JSON.stringify({ key: token, where: `${serving.adminUrl}${path}` }))
}

/** All that the server kept, with the logs and the audit lines that it wrote. */
const keptText = (): string =>
  readdirSync(serving.folder)
    .filter((name) => name !== 'outbox')
    .map((name) => readFileSync(join(serving.folder, name), 'latin1'))
    .join('\n')

const inDatabase = <T>(work: (database: DatabaseSync) => T): T => {
  const database = new DatabaseSync(join(serving.folder, 'lockgate.db'))
  try {
    return work(database)
  } finally {
    database.close()
  }
}

test('a leak from its report to the new key, with everything that can go wrong', {
  timeout: SLOW,
}, async () => {
  const [admin, taken, refused, locked, atGithub, forged] = await Promise.all(
    ['admin', 'read', 'read', 'read', 'read', 'read'].map((scope) =>
      serving.createKey('--scopes', scope),
    ),
  ).then((made) => made.map(({ key }) => key) as [string, string, string, string, string, string])
  const headers = { authorization: `Bearer ${admin}` }
  await fetch(serving.url, { headers: { authorization: `Bearer ${taken}` } })
  await misreport(taken)

  await post('/v1/leaks', JSON.stringify({ key: taken, where: `https://paste.example/${taken}` }))
  await linksSeen(1)
  const first = tokenOf(smtp.links[0])
  await ask(`/replace/${first}`)
  await ask(`/replace/${first}`, { method: 'HEAD' })
  await misuse(first)

  inDatabase((database) => database.exec('UPDATE link_tokens SET expires_at_ms = 1'))
  await ask(`/replace/${first}`)
  await form(`/replace/${first}`, 'action=renew')
  await linksSeen(2)
  const page = await ask(`/replace/${tokenOf(smtp.links[1])}`).then(() =>
    form(`/replace/${tokenOf(smtp.links[1])}`, 'action=replace'),
  )
  // The one place where a key is to be seen.
  answers = answers.filter((answer) => answer !== page)
  const [fresh = ''] = /sk_live_\w+/.exec(page) ?? []
  await form(`/replace/${tokenOf(smtp.links[1])}`, 'action=replace')

  smtp.mode = 'mail'
  await report(refused)
  await linksSeen(3)
  await until(() => serving.said().includes('451'), 'a refused mail in the log')
  smtp.mode = 'login'
  await report(locked)
  await until(() => serving.said().includes('535'), 'a refused login in the log')

  for (const [key, token] of [
    [signers.github.privateKey, atGithub],
    [signers.stranger, forged],
  ] as const) {
    const matches = [{ token, type: 'a', url: '', source: 'commit', note: REPORTED }]
    const body = Buffer.from(JSON.stringify(matches))
    answers.push(JSON.stringify(await sendReport(serving.adminUrl, signedReport(key, body))))
  }
  for (const path of ['/metrics', '/health', '/v1/audit', '/v1/keys', '/openapi.json']) {
    await ask(path, { headers })
  }
  await post('/v1/verify', JSON.stringify({ key: locked, scope: 'write' }), headers)
  await post('/v1/verify', JSON.stringify({ key: `${forged}x` }), headers)
  await ask('/v1/authorize', { headers: { authorization: `Bearer ${forged}` } })
  await ask('/v1/keys', { headers: { 'x-api-key': forged } })
  const hashes = inDatabase((database) =>
    database
      .prepare('SELECT secret_hash FROM keys')
      .all()
      .map((row) => String(row['secret_hash'])),
  )
  expect(hashes).toHaveLength(7)
  const kept = keptText()

  inDatabase((database) => database.exec('DROP TABLE link_tokens; DROP TABLE links'))
  await report(locked)
  await form(`/replace/${tokenOf(smtp.links[2])}`, 'action=replace')
  await ask(`/replace/${tokenOf(smtp.links[2])}`, { headers: { accept: 'application/json' } })
  await until(() => serving.said().includes('"level":50'), 'an error in the log')
  await serving.stop()

  const keys = [admin, taken, refused, locked, atGithub, forged, fresh]
  expect(keys.every((key) => key.length === 66)).toBe(true)
  expect(smtp.links.length).toBeGreaterThanOrEqual(3)
  expect(smtp.logins).toContain(PASSWORD)
  const secrets = [...keys, ...smtp.links.map(tokenOf)].flatMap(needlesOf)
  const login = [USER, PASSWORD, PASSWORD.slice(7, 16), encodeURIComponent(PASSWORD)]
  const encoded = [USER, PASSWORD, `\0${USER}\0${PASSWORD}`].map((text) => btoa(text))
  const everywhere = [...secrets, ...login, ...encoded, REPORTED]
  expect(found(serving.said(), [...everywhere, ...hashes])).toEqual([])
  expect(found(answers.join('\n'), [...everywhere, ...hashes])).toEqual([])
  expect(found(kept, everywhere)).toEqual([])
  expect(found(kept, hashes)).toEqual(hashes)
})

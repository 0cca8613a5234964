/**
 * Canaries on the path of money, with everything logged: the secret of the webhook and the path of its
 * receiver, the upstream's credential, keys in every place of a call, what is asked and what is answered.
 * None of them may show in logs, refusals, audit or database, on good days and bad.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Ended, newFolder, until } from '../cli/command-line.ts'
import { serve } from '../e2e/serving.ts'
import { found, needlesOf } from './needles.ts'

const UPSTREAM_SECRET = 'canary-Zk3vQ81-of-the-upstream'
const HOOK_BYTES = 'canary bytes of the webhook Vn8#'
const HOOK_SECRET = `whsec_${Buffer.from(HOOK_BYTES).toString('base64')}`
const HOOK_PATH = 'T0KENofTHEpath'
const ASKED = 'canary-asked-Xq4Lm'
const ANSWERED = 'canary-answered-Jw5Zk'
const CONTENT = [ASKED, ANSWERED]
const HOOK = [HOOK_SECRET, HOOK_SECRET.slice(6, 26), HOOK_SECRET.slice(-20), HOOK_BYTES]
/** As the name of a model it is what was asked for, and may be said. */
const MODEL_SAID = new RegExp(`"model":"${ASKED}"|the model \\\\"${ASKED}\\\\"`, 'g')
const TRACE = { LOCKGATE_LOG_LEVEL: 'trace' }
const SLOW = 120_000
/** Whoever else writes is waited for. */
const BUSY = { timeout: 10_000 }

const CHAT = '/v1/chat/completions'
const usage = { prompt_tokens: 400_000, completion_tokens: 5 }
const answerOf = (more: object): string =>
  JSON.stringify({ id: ANSWERED, choices: [{ message: { content: ANSWERED } }], ...more })

/** Repeats all that it was sent, with an answer of its own, as the query says. */
function play(request: IncomingMessage, response: ServerResponse): void {
  const { searchParams } = new URL(request.url ?? '', 'http://a')
  const sent = JSON.stringify(request.rawHeaders)
  const json = { 'content-type': 'application/json', 'x-cost': `${ANSWERED} ${sent.length}` }
  switch (searchParams.get('play')) {
    case 'error':
      response.writeHead(500, json).end(`{"error":{"message":${JSON.stringify(sent)}}}`)
      return
    case 'broken':
      response.writeHead(200, { ...json, 'content-length': 9_999 }).write(answerOf({}))
      setTimeout(() => response.destroy(), 20)
      return
    case 'no-http':
      request.socket.end(`HTTP/1.1 ${ANSWERED} ${sent}\r\n\r\n`)
      return
    case 'usage':
      response.writeHead(200, json).end(answerOf({ usage: { prompt_tokens: ANSWERED, x: sent } }))
      return
    case 'stream':
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${answerOf({ choices: [{ delta: { content: ANSWERED } }] })}\n\n`)
      response.write(`data: {"choices":[{"delta":${ANSWERED}\n\nevent: ${ANSWERED}\ndata: {\n\n`)
      setTimeout(() => response.destroy(), 20)
      return
    default:
      response.writeHead(200, json).end(answerOf({ usage }))
  }
}

let upstream: Server
let receiver: Server
/** How often the receiver of the webhook was called. */
let hooks: number
const listening = async (server: Server): Promise<Server> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}
const urlOf = (server: Server): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`
beforeEach(async () => {
  hooks = 0
  upstream = await listening(
    createServer((request, response) => {
      request.resume().on('end', () => play(request, response))
    }),
  )
  receiver = await listening(
    createServer((request, response) => {
      hooks++
      response.writeHead(500).end(`${HOOK_SECRET} ${JSON.stringify(request.headers)}`)
    }),
  )
})
afterEach(() => {
  for (const server of [upstream, receiver]) {
    server.closeAllConnections()
    server.close()
  }
})

const spendConfig = () => ({
  keys: { argon2id: { memoryKiB: 64, passes: 1 } },
  ip: { failures: { quota: 1_000, window: '1m' } },
  errors: 'openai',
  upstreamHeaders: { authorization: `Bearer ${UPSTREAM_SECRET}` },
  tiers: {
    free: { limits: [] },
    listed: { limits: [], models: ['m'], spend: { perDay: '$0.00001' } },
  },
  routes: [
    { path: '/header', spend: { perRequest: '$0.001', header: 'x-cost' } },
    { path: '/member', spend: { perRequest: '$0.001', jsonPath: 'usage.prompt_tokens' } },
  ],
  spend: {
    prices: { m: { input: 1, output: 1 } },
    account: { perDay: '$20' },
    alerts: { at: [1], webhook: { url: `${urlOf(receiver)}/${HOOK_PATH}`, secret: HOOK_SECRET } },
  },
})

/** Calls with a key and with what is asked in every place, as bodies and paths. */
function callsWith(key: string): [path: string, body: string][] {
  const messages = [{ role: 'user', content: `${ASKED} ${key}` }]
  const chat = (more: object): string => JSON.stringify({ model: 'm', messages, ...more })
  const plays = ['usage', 'error', 'broken', 'no-http', 'stream', 'none']
  return [
    ...plays.map((name): [string, string] => [
      `${CHAT}?play=${name}`,
      chat({ stream: name === 'stream' }),
    ]),
    ...[key, `models/${key}`, `${'x'.repeat(90)}${key}`, key.slice(0, 40), `${key} x`].map(
      (model): [string, string] => [CHAT, chat({ model })],
    ),
    [`/deployments/${key}/chat/completions`, chat({})],
    [CHAT, chat({ model: ASKED })],
    [CHAT, chat({ model: [key] })],
    [CHAT, chat({ max_tokens: key })],
    [CHAT, chat({ stream: key })],
    [CHAT, chat({ stream_options: key, stream: true })],
    [CHAT, chat({ n: ASKED })],
    [CHAT, `{"model":"m","${key}":1,"model":"${ASKED}"}`],
    [CHAT, `{"Model":"${key}"}`],
    [CHAT, `${ASKED} ${key}`],
    ['/v1/messages', chat({ [key]: key, max_tokens: 1, metadata: { user_id: key } })],
    ['/v1/responses', JSON.stringify({ model: 'm', input: ASKED, previous_response_id: key })],
    ['/header', `${ASKED} ${key}`],
    ['/member', `${ASKED} ${key}`],
    ['/member?play=usage', `${ASKED} ${key}`],
    ['/member?play=broken', `${ASKED} ${key}`],
  ]
}

/** Resolves with what Lockgate itself had to say. */
async function sendAll(url: string, key: string): Promise<string> {
  const own: string[] = []
  for (const [path, body] of callsWith(key)) {
    const headers = { 'x-api-key': key, 'content-type': 'application/json', 'user-agent': key }
    const response = await fetch(url + path, { method: 'POST', body, headers })
    const text = await response.text().catch(() => '')
    if (text.includes('request_id')) own.push(`${[...response.headers]} ${text}`)
  }
  return own.join('\n')
}

const keptIn = (path: string): string =>
  readdirSync(path)
    .filter((name) => name.startsWith('lockgate.db'))
    .map((name) => readFileSync(join(path, name), 'latin1'))
    .join('\n')

test('the gateway, its log at trace, its audit, its ledger and its refusals hold none', {
  timeout: SLOW,
}, async () => {
  const serving = await serve(spendConfig(), TRACE, urlOf(upstream))
  try {
    const { key } = await serving.createKey('--scopes', 'write')
    const { key: listed } = await serving.createKey('--scopes', 'write', '--tier', 'listed')
    const refusals = [await sendAll(serving.url, key), await sendAll(serving.url, listed)]
    await until(() => serving.said().includes('spend.exceeded'), 'an audit row')
    await until(() => hooks > 0, 'a webhook')
    await until(() => serving.said().includes('answered 500'), 'a refused webhook in the log')
    const reports = await Promise.all([
      serving.cli('spend', '--json'),
      serving.cli('spend', '--by', 'model', '--csv'),
      serving.cli('audit', 'list', '--json'),
    ])
    const kept = keptIn(serving.folder)
    const database = new DatabaseSync(join(serving.folder, 'lockgate.db'), BUSY)
    database.exec('DROP TABLE spend_reservations')
    database.close()
    refusals.push(await sendAll(serving.url, key))
    await until(() => serving.said().includes('"level":50'), 'an error in the log')
    await serving.stop()

    const secrets = [...needlesOf(key), ...needlesOf(listed), UPSTREAM_SECRET, ...HOOK]
    const said = [serving.said(), ...refusals, ...reports].join('\n')
    for (const code of ['spend_exceeded', 'invalid_field', 'invalid_json', 'limiter_unavailable']) {
      expect(refusals.join('\n')).toContain(code)
    }
    expect(found(said, [...secrets, ANSWERED, HOOK_PATH])).toEqual([])
    expect(found(kept, [...secrets, ANSWERED])).toEqual([])
    const own = [serving.said(), ...refusals].join('\n').replaceAll(MODEL_SAID, '')
    expect(found(own, CONTENT)).toEqual([])
  } finally {
    await serving.stop()
  }
})

const APP = fileURLToPath(new URL('./metered-app.ts', import.meta.url))

test('an app whose calls are metered, with its own errors, holds none', {
  timeout: SLOW,
}, async () => {
  const { upstreamHeaders: _of, ...config } = spendConfig()
  const folder = newFolder({ 'lockgate.config.json': JSON.stringify(config) })
  const { out } = await folder.run(
    ...'keys create --owner ada@example.com --scopes write --json'.split(' '),
  )
  const key: string = JSON.parse(out).key
  const app = spawn(process.execPath, [APP], {
    cwd: folder.path,
    env: {
      ...{ PATH: process.env['PATH'] ?? '', ...TRACE, API_URL: urlOf(upstream) },
      API_KEY: UPSTREAM_SECRET,
    },
    stdio: 'pipe',
  })
  let said = ''
  for (const stream of [app.stdout, app.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk
    })
  }
  const ended = once(app, 'close')
  await until(() => said.includes('port '), 'the app')
  const url = `http://127.0.0.1:${/port (\d+)/.exec(said)?.[1]}`
  const refusals = await sendAll(url, key)
  await until(() => hooks > 0, 'a webhook')
  const database = new DatabaseSync(folder.file('lockgate.db'), BUSY)
  database.exec('DROP TABLE spend_reservations')
  database.close()
  await sendAll(url, key)
  app.kill('SIGTERM')
  await ended
  const secrets = [...needlesOf(key), UPSTREAM_SECRET, ...HOOK]
  expect(said).toContain('held')
  expect(said).toContain('has no price')
  expect(refusals).toContain('request_id')
  expect(found(`${said}\n${refusals}`, [...secrets, ANSWERED, HOOK_PATH])).toEqual([])
  expect(found(said.replaceAll(MODEL_SAID, ''), CONTENT)).toEqual([])
  expect(found(keptIn(folder.path), [...secrets, ANSWERED])).toEqual([])
})

test('the commands about money hold none, also when they fail', { timeout: SLOW }, async () => {
  const folder = newFolder({ 'lockgate.config.json': JSON.stringify(spendConfig()) })
  const { out } = await folder.run(...'keys create --owner ada@example.com --json'.split(' '))
  const key: string = JSON.parse(out).key
  const time = Date.now()
  folder.write(
    'log.ndjson',
    [
      { time, key, model: key, path: `/${key}`, prompt_tokens: 1, completion_tokens: 1 },
      { time, user: key, model: ASKED, content: ANSWERED, tier: key },
      { time: key },
      { time, headers: { authorization: `Bearer ${key}` }, 'x-user': key },
    ]
      .map((line) => JSON.stringify(line))
      .concat(key)
      .join('\n'),
  )
  const broken = (webhook: object): string =>
    JSON.stringify({ spend: { alerts: { webhook }, acount: { perDay: key } } })
  folder.write('short.json', broken({ url: `https://a/${HOOK_PATH}`, secret: 'whsec_Y2FuYXJ5' }))
  folder.write('url.json', broken({ url: `https://u:${UPSTREAM_SECRET}@a/`, secret: HOOK_SECRET }))
  folder.write('kind.json', broken({ url: HOOK_SECRET, secret: [HOOK_SECRET] }))
  folder.write('cut.json', `{ "spend": { "alerts": { "webhook": { "secret": "${HOOK_SECRET}" `)
  const said: Ended[] = []
  for (const args of [
    ['spend', '--model', key],
    ['spend', '--model', key, '--json'],
    ['spend', '--key', key],
    ['spend', '--owner', key],
    ['spend', '--tier', key],
    ['spend', '--by', key],
    ['spend', key],
    ['spend', 'caps'],
    ['spend', 'caps', '--key', key],
    ['spend', 'cap', '--key', `${key}x`, '--per-day', '1'],
    ['spend', 'cap', '--key', key, '--per-day', key],
    ['spend', 'cap', '--tier', key, '--models', key],
    ['spend', 'cap', '--owner', key, '--per-day', '1'],
    ['spend', 'reset', '--key', key],
    ['spend', 'reset', '--tier', key],
    ['simulate', 'log.ndjson'],
    ['simulate', 'log.ndjson', '--json'],
    ['simulate', 'log.ndjson', '--key-field', 'x-user'],
    ['simulate', 'log.ndjson', '--key-field', 'headers.authorization', '--json'],
    ['simulate', 'log.ndjson', '--key-field', key],
    ['simulate', key],
    ['simulate', 'log.ndjson', '--tier', key],
    ['simulate', 'log.ndjson', '--price', key],
    ['tiers'],
    ['tiers', '--json'],
    ['doctor'],
    ['doctor', '--json'],
    ['audit', 'list', '--json'],
    ...['short.json', 'url.json', 'kind.json', 'cut.json'].flatMap((file) => [
      ['spend', '--config', file],
      ['doctor', '--config', file],
    ]),
  ]) {
    said.push(await folder.runWith(TRACE, ...args))
  }
  const text = said.map(({ out, err }) => out + err).join('\n')
  expect(new Set(said.map(({ code }) => code))).toEqual(new Set([0, 1, 2]))
  const secrets = [...needlesOf(key), UPSTREAM_SECRET, ...HOOK, 'Y2FuYXJ5', HOOK_PATH]
  expect(found(text, [...secrets, ...CONTENT])).toEqual([])
  expect(found(keptIn(folder.path), secrets)).toEqual([])
})

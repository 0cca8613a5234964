/**
 * Canaries through the commands around a leak, at trace: keys as arguments, from stdin and in files,
 * links in mails, the mail server's login when it is repeated or cannot be read, the key that signs
 * the audit log. None may show, but for a new key where it is made.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Ended, type Folder, newFolder } from '../cli/command-line.ts'
import { type EchoingSmtp, startEchoingSmtp } from './echoing-smtp.ts'
import { found, needlesOf } from './needles.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const USER = 'canary-user-Xq4Lm'
const PASSWORD = 'canary/pass@Vn8#Rt2w'
const LOGIN = `${encodeURIComponent(USER)}:${encodeURIComponent(PASSWORD)}`
const SECRETS_OF_LOGIN = [
  ...[USER, PASSWORD, PASSWORD.slice(7, 16), encodeURIComponent(PASSWORD)],
  ...[USER, PASSWORD, `\0${USER}\0${PASSWORD}`].map((text) => btoa(text)),
]
const TRACE = { LOCKGATE_LOG_LEVEL: 'trace' }
const CONFIG = { keys: { argon2id: { memoryKiB: 64, passes: 1 } } }
const SLOW = 120_000

let smtp: EchoingSmtp
let withServer: Record<string, string>
beforeAll(async () => {
  smtp = await startEchoingSmtp()
  withServer = { ...TRACE, LOCKGATE_SMTP_URL: `smtp://${LOGIN}@127.0.0.1:${smtp.port}` }
})
afterAll(() => smtp.stop())

const newProject = (): Folder => newFolder({ 'lockgate.config.json': JSON.stringify(CONFIG) })

async function newKeys(folder: Folder, count: number): Promise<string[]> {
  const keys: string[] = []
  for (let made = 0; made < count; made++) {
    const { out } = await folder.run('keys', 'create', '--owner', 'ada@example.com', '--json')
    keys.push(JSON.parse(out).key)
  }
  return keys
}

/** A key where no list of processes and no shell has it. */
function leakFromStdin(folder: Folder, key: string, ...args: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'leak', ...args], {
    cwd: folder.path,
    env: { PATH: process.env['PATH'] ?? '', ...TRACE },
    input: `${key}\n`,
    encoding: 'utf8',
  })
  return { code: status, out: stdout, err: stderr }
}

const textOf = (said: readonly Ended[]): string => said.map(({ out, err }) => out + err).join('\n')
const idOf = (key: string): string => key.slice(8, 16)

test('reports and scans show no key, and no link where mails are files', {
  timeout: SLOW,
}, async () => {
  const folder = newProject()
  const keys = await newKeys(folder, 5)
  const [byArgument = '', byStdin = '', byId = '', inFile = '', elsewhere = ''] = keys
  folder.write('leaked.env', `A=${inFile}\nB=${elsewhere}\n\0binary ${inFile}`)
  const run = (...args: string[]): Promise<Ended> => folder.runWith(TRACE, ...args)
  const said: Ended[] = []
  for (const args of [
    ['leak', `${byArgument}x`],
    ['leak', `${byArgument.slice(0, -1)}!`],
    ['leak', byArgument, '--where', `next to ${elsewhere}`],
    ['leak', byArgument, '--json'],
    ['leak', idOf(byId), '--where', `https://paste.example/${elsewhere}`],
    ['leak', '--wher', byId],
    ['scan', '.', '--json'],
    ['scan', '.', '--offline'],
    ['scan', inFile],
    ['scan', '.', '--prefix', inFile],
    ['scan', '.', '--report'],
    ['audit', 'show', byArgument],
    ['audit', 'show', byArgument, '--json'],
    ['audit', 'list', '--key', byId],
    ['audit', 'list', '--json'],
    ['keys', 'list', '--owner', byId],
    ['doctor'],
  ]) {
    said.push(await run(...args))
  }
  said.push(leakFromStdin(folder, byStdin), leakFromStdin(folder, `${byStdin}x`, '--json'))
  const mails = readdirSync(folder.file('outbox')).map((name) =>
    readFileSync(folder.file(`outbox/${name}`), 'utf8').replaceAll('=\r\n', ''),
  )
  const links = mails.map((mail) => /\/replace\/([\w-]{43})/.exec(mail)?.[1] ?? '')
  expect(links.map(({ length }) => length)).toEqual([43, 43, 43, 43, 43])
  const secrets = [...keys, ...links].flatMap(needlesOf)
  expect(new Set(said.map(({ code }) => code))).toEqual(new Set([0, 1, 2]))
  expect(found(textOf(said), secrets)).toEqual([])
  expect(found(mails.join('\n'), keys.flatMap(needlesOf))).toEqual([])
  expect(found(filesOf(folder, 'lockgate.db'), secrets)).toEqual([])
})

test('the login of a mail server that repeats it, is away, or is not understood, is in no command', {
  timeout: SLOW,
}, async () => {
  const folder = newProject()
  const keys = await newKeys(folder, 3)
  const said: Ended[] = []
  for (const [at, mode] of (['login', 'mail', 'take'] as const).entries()) {
    smtp.mode = mode
    said.push(await folder.runWith(withServer, 'doctor'))
    said.push(await folder.runWith(withServer, 'leak', idOf(keys[at] ?? ''), '--json'))
  }
  const broken = [
    `smtp://${LOGIN}@127.0.0.1:1`,
    `smtp://${LOGIN}@127.0.0.1:99999`,
    `smtp://${LOGIN}@nobody.invalid`,
    `smtp://${USER}:${PASSWORD}@127.0.0.1`,
    `http://${LOGIN}@127.0.0.1`,
    `smtp://${LOGIN}@127.0.0.1/?${LOGIN}`,
    `${LOGIN}@127.0.0.1`,
  ]
  for (const url of broken) {
    const env = { ...TRACE, LOCKGATE_SMTP_URL: url }
    said.push(await folder.runWith(env, 'doctor', '--json'))
    said.push(await folder.runWith(env, 'audit', 'list'))
    said.push(await folder.runWith(env, 'leak', idOf(keys[0] ?? '')))
  }
  const text = textOf(said)
  expect(smtp.logins).toContain(PASSWORD)
  expect(smtp.links.length).toBe(2)
  expect(text).toContain('535')
  const tokens = smtp.links.map((link) => link.slice(-43)).flatMap(needlesOf)
  expect(found(text, [...SECRETS_OF_LOGIN, ...tokens])).toEqual([])
  expect(found(filesOf(folder, 'lockgate.db'), [...SECRETS_OF_LOGIN, ...tokens])).toEqual([])
})

test('the key that signs the audit log is in its file alone; exports hold no secret', {
  timeout: SLOW,
}, async () => {
  const folder = newProject()
  const [key = ''] = await newKeys(folder, 1)
  await folder.run('leak', idOf(key), '--where', key)
  const run = (...args: string[]): Promise<Ended> => folder.runWith(TRACE, 'audit', ...args)
  const said = [
    await run('head', '--out', 'heads.json'),
    await run('head'),
    await run('verify', '--head', 'heads.json', '--json'),
    await run('prune', '--older-than', '1d'),
    ...(await Promise.all(
      ['csv', 'json', 'ndjson'].map((format) => run('export', '--format', format)),
    )),
    await run('verify', '--public-key', 'lockgate-audit.pem'),
    await run('verify', '--head', 'lockgate-audit.pem'),
  ]
  const pem = readFileSync(folder.file('lockgate-audit.pem'), 'utf8')
  const signing = pem.replaceAll(/-----.*-----|\s/g, '')
  folder.write('lockgate-audit.pem', pem.replace('-----BEGIN', '----BEGIN'))
  said.push(await run('head'), await folder.runWith(TRACE, 'doctor'))
  expect(signing.length).toBe(64)
  // What comes before the last 43 characters says what kind of key it is.
  const secrets = [signing.slice(21, 41), signing.slice(-20), ...needlesOf(key)]
  expect(said.some(({ code }) => code === 1)).toBe(true)
  expect(found(textOf(said), secrets)).toEqual([])
  expect(found(filesOf(folder, 'lockgate.db') + filesOf(folder, 'heads'), secrets)).toEqual([])
})

const filesOf = (folder: Folder, beginning: string): string =>
  readdirSync(folder.path)
    .filter((name) => name.startsWith(beginning))
    .map((name) => readFileSync(folder.file(name), 'latin1'))
    .join('\n')

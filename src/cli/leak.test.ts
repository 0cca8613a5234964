/** `lockgate leak` as a person runs it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type Ended, type Folder, newFolder } from '../../tests/cli/command-line.ts'
import { startSmtp } from '../../tests/servers/smtp.ts'

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url))
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

/** With a text on stdin, which then ends. */
async function typed(
  folder: Folder,
  text: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  const { PATH = '' } = process.env
  const own = { cwd: folder.path, env: { PATH, HOME: folder.path, ...env } }
  const child = spawn(process.execPath, [MAIN, ...args], own)
  const [out, err] = [child.stdout, child.stderr].map((stream) => readAll(stream))
  child.stdin.end(text)
  const [code] = await once(child, 'close')
  return { code, out: (await out) ?? '', err: (await err) ?? '' }
}

async function readAll(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += chunk
  return text
}

const statusOf = async (folder: Folder, keyId: string): Promise<string> =>
  JSON.parse((await folder.run('keys', 'show', keyId, '--json')).out).status

describe('lockgate leak', SLOW, () => {
  test('by the key, through stdin: revoked, and where there is no mail server the mail is a file', async () => {
    const folder = newProject()
    const { key, key_id } = await create(folder)
    const { code, out, err } = await typed(folder, `${key}\n`, ['leak', '--where', 'in a chat'])
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain(`${key_id} is revoked: its next request gets 401.`)
    expect(out).toContain('the mail to ada@example.com lies in ./outbox')
    expect(readdirSync(folder.file('outbox'))).toEqual([expect.stringContaining(key_id)])
    // A link is for a person at a terminal, or for the mail.
    expect(out + err).not.toContain('/replace/')
    expect(out).not.toContain(key.slice(14))
    expect(await statusOf(folder, key_id)).toBe('revoked')
  })

  test('by its ID, as the operator, with one JSON object and no link in it', async () => {
    const folder = newProject()
    const { key_id } = await create(folder)
    const { code, out, err } = await folder.run('leak', key_id, '--where', 'src/a.ts:1', '--json')
    expect([code, err]).toEqual([0, ''])
    expect(JSON.parse(out)).toEqual({
      ...{ key_id, owner: 'ada@example.com', status: 'revoked', effect: 'revoked' },
      ...{ mail_to: 'ada@example.com', mail: 'sent' },
    })
    const audit = await folder.run('audit', 'list', '--event', 'key.leaked', '--json')
    expect(JSON.parse(audit.out)).toMatchObject({
      details: { source: 'operator', where: 'src/a.ts:1' },
    })
  })

  test('a whole key as an argument works, with a warning that the shell may remember it', async () => {
    const folder = newProject()
    const { key, key_id } = await create(folder)
    const { code, out, err } = await folder.run('leak', key)
    expect(code).toBe(0)
    expect(err).toContain('your shell may remember this key')
    expect(out + err).not.toContain(key.slice(14))
    expect(await statusOf(folder, key_id)).toBe('revoked')
  })

  test('a second report says so, and sends no second mail', async () => {
    const folder = newProject()
    const { key_id } = await create(folder)
    await folder.run('leak', key_id)
    const { code, out } = await folder.run('leak', key_id)
    expect([code, out]).toEqual([0, `${key_id} was reported before; nothing was changed.\n`])
    expect(readdirSync(folder.file('outbox'))).toHaveLength(1)
  })

  test('with a mail server the mail is sent before it ends, and the link stands in it alone', async () => {
    const folder = newProject()
    const { key } = await create(folder)
    const smtp = await startSmtp()
    const { code, out } = await typed(folder, key, ['leak', '-'], { LOCKGATE_SMTP_URL: smtp.url })
    const mails = [...smtp.mails]
    await smtp.stop()
    expect(code).toBe(0)
    expect(out).toContain('on its way to ada@example.com')
    expect(out).not.toContain('/replace/')
    expect(mails).toHaveLength(1)
  })

  test('a mail server that is away delays the mail, not the revocation', async () => {
    const folder = newProject()
    const { key_id } = await create(folder)
    const env = { LOCKGATE_SMTP_URL: 'smtp://127.0.0.1:9' }
    const { code, out } = await folder.runWith(env, 'leak', key_id)
    expect(code).toBe(0)
    expect(out).toContain('could not be sent yet')
    expect(await statusOf(folder, key_id)).toBe('revoked')
  })

  test('what is no key of this database changes nothing: exit 1', async () => {
    const folder = newProject()
    const { key, key_id } = await create(folder)
    const wrong = key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a')
    const unproven = await typed(folder, wrong, ['leak'])
    expect(unproven.err).toContain('this is no key of this database, and nothing was changed')
    expect(unproven.err).not.toContain(wrong.slice(14))
    const unknown = await folder.run('leak', 'aaaaaaaa')
    expect([unproven.code, unknown.code]).toEqual([1, 1])
    expect(await statusOf(folder, key_id)).toBe('active')
  })

  test('what is neither key nor ID is wrong usage: exit 2', async () => {
    const folder = newProject()
    for (const [text, args] of [
      ['', []],
      ['two words', []],
      ['', ['abc']],
    ] as const) {
      const { code, out, err } = await typed(folder, text, ['leak', ...args])
      expect([code, out]).toEqual([2, ''])
      expect(err.trimEnd().split('\n')).toHaveLength(1)
    }
  })
})

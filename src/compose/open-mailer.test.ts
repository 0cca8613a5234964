import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'
import type { Mailer } from '../core/ports/mailer.ts'
import { lockgate } from '../lockgate.ts'

const DATABASE = 'sqlite::memory:'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-mailer-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('without a mail server a mail becomes a file in the folder that is configured', async () => {
  const outbox = join(folder, 'outbox')
  const config = { databaseUrl: DATABASE, mail: { folder: outbox } }
  const gate = await lockgate({ config, chores: false })
  const { record } = await gate.keys.issue({ owner: 'ada@example.com' })
  await gate.leaks.reportId(record.keyId, { source: 'operator' })
  expect(await gate.post.deliver()).toEqual({ sent: 1, waiting: 0, failed: 0 })
  await gate.close()
  const [file = ''] = readdirSync(outbox)
  expect(readFileSync(join(outbox, file), 'utf8')).toContain(record.keyId)
})

test('a mailer of the application takes its place, and is closed with the gate', async () => {
  const seen: string[] = []
  const mailer: Mailer = {
    deliver: async ({ to }) => void seen.push(to),
    check: async () => {},
    close: async () => void seen.push('closed'),
  }
  const gate = await lockgate({ config: { databaseUrl: DATABASE }, mailer, chores: false })
  const { record } = await gate.keys.issue({ owner: 'ada@example.com' })
  await gate.leaks.reportId(record.keyId, { source: 'operator' })
  await gate.post.deliver()
  await gate.close()
  expect(seen).toEqual(['ada@example.com', 'closed'])
})

test('a program that sends no mail does not load what mails need', () => {
  const program = `
    import { createRequire, registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    const { lockgate } = await import(${JSON.stringify(pathToFileURL(join(ROOT, 'src/index.ts')).href)})
    const gate = await lockgate({ config: { databaseUrl: '${DATABASE}' } })
    await gate.post.deliver()
    await gate.close()
    console.log(JSON.stringify(loaded.filter((url) => /nodemailer|src.mail/.test(url))), loaded.length)
  `
  const args = ['--input-type=module', '--eval', program]
  const out = execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
  expect(out).toMatch(/^\[\] \d{3}/)
})

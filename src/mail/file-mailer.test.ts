/** Mails as files: whole, private, once each, and the link told to a person only. */
import {
  chmodSync,
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
import { simpleParser } from 'mailparser'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { copyOf, leakedMail } from '../../tests/mail/sample-mail.ts'
import { MailError, type Mailer } from '../core/ports/mailer.ts'
import { createMailer, type MailerOptions } from './index.ts'

let place: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'lockgate-mail-'))
})
afterEach(() => rmSync(place, { recursive: true }))

function mailerInto(folder: string, options?: MailerOptions): Mailer {
  const from = 'Acme keys <keys@acme.example>'
  return createMailer({ smtpUrl: null, from, operatorCopy: null, folder }, options)
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

test('a mail is a file that a mail program opens, and that only this user reads', async () => {
  const folder = join(place, 'deep', 'outbox')
  await mailerInto(folder).deliver(leakedMail())
  expect(readdirSync(folder)).toEqual(['2026-11-26T13-14-46Z-leaked-7Hq2mZ9x.eml'])
  const file = join(folder, '2026-11-26T13-14-46Z-leaked-7Hq2mZ9x.eml')
  expect([modeOf(folder), modeOf(file)]).toEqual(['700', '600'])
  const mail = await simpleParser(readFileSync(file))
  expect(mail.subject).toBe('Leaked and revoked: your API key 7Hq2mZ9x (laptop)')
  expect(mail.text).toContain(leakedMail().linkUrl)
})

test('a mail that is delivered again replaces its file, with the newer link', async () => {
  const mailer = mailerInto(place)
  await mailer.deliver(leakedMail())
  const linkUrl = 'https://keys.acme.example/replace/second'
  await mailer.deliver(leakedMail({ linkUrl }))
  const [file = '', ...more] = readdirSync(place)
  expect(more).toEqual([])
  expect((await simpleParser(readFileSync(join(place, file)))).text).toContain(linkUrl)
})

test('whoever asks is told file, link and recipient, once the file is there', async () => {
  const told: unknown[] = []
  const mailer = mailerInto(place, {
    onFile: (file, linkUrl, to) => told.push([readFileSync(file).length > 0, linkUrl, to]),
  })
  await mailer.deliver(leakedMail())
  await mailer.deliver(copyOf(leakedMail()))
  expect(told).toEqual([
    [true, leakedMail().linkUrl, 'ada@example.com'],
    [true, null, 'ops@acme.example'],
  ])
})

test('a name cannot leave the folder', async () => {
  const folder = join(place, 'outbox')
  await mailerInto(folder).deliver(leakedMail({ name: '../../evil\0/x' }))
  expect(readdirSync(place)).toEqual(['outbox'])
  expect(readdirSync(folder)).toHaveLength(1)
})

test('the folder is the one that was named at the start, wherever the process goes', async () => {
  const before = process.cwd()
  process.chdir(place)
  try {
    const mailer = mailerInto('./outbox')
    process.chdir(tmpdir())
    await mailer.deliver(leakedMail())
  } finally {
    process.chdir(before)
  }
  expect(readdirSync(join(place, 'outbox'))).toHaveLength(1)
})

test('a folder that cannot be written is a failure for now, with nothing left behind', async () => {
  const folder = join(place, 'outbox')
  writeFileSync(folder, 'a file')
  const mailer = mailerInto(folder)
  for (const attempt of [() => mailer.deliver(leakedMail()), () => mailer.check()]) {
    const error = await attempt().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(MailError)
    expect(error).toMatchObject({ isFinal: false })
    expect(String(error)).toContain(`cannot write mails to ${folder}`)
  }
  expect(readdirSync(place)).toEqual(['outbox'])
})

test('a check creates nothing', async () => {
  await mailerInto(join(place, 'a', 'b')).check()
  expect(readdirSync(place)).toEqual([])
  mkdirSync(join(place, 'there'))
  await mailerInto(join(place, 'there')).check()
  chmodSync(join(place, 'there'), 0o500)
  // Root may write everywhere.
  if (process.getuid?.() !== 0)
    await expect(mailerInto(join(place, 'there')).check()).rejects.toThrow()
})

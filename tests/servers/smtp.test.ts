/** The mail server of the tests, asked by a client that is not ours. */
import { createTransport } from 'nodemailer'
import { afterEach, expect, test } from 'vitest'
import { type SmtpOptions, type SmtpServer, startSmtp } from './smtp.ts'

const servers: SmtpServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

async function open(options?: SmtpOptions): Promise<SmtpServer> {
  const server = await startSmtp(options)
  servers.push(server)
  return server
}

const MAIL = {
  from: 'keys@acme.example',
  to: 'ada@example.com',
  subject: 'Grüße',
  text: 'plain',
  html: '<p>rich</p>',
}

test('takes a mail apart', async () => {
  const server = await open()
  await createTransport(server.url).sendMail(MAIL)
  const [mail] = await server.mailsTo('ada@example.com')
  expect(mail).toMatchObject({ subject: 'Grüße', html: '<p>rich</p>' })
  expect(mail?.text?.trim()).toBe('plain')
  expect(mail).toMatchObject({ deliveredTo: ['ada@example.com'], sender: 'keys@acme.example' })
  expect(mail?.raw).toContain('Subject: ')
})

test('refuses with the code that it was told, and keeps nothing', async () => {
  const server = await open({ refuse: () => 451 })
  await expect(createTransport(server.url).sendMail(MAIL)).rejects.toMatchObject({
    responseCode: 451,
  })
  expect(server.mails).toEqual([])
})

test('takes one login only', async () => {
  const login = { user: 'keys', password: 'p@ss word' }
  const server = await open({ login })
  await createTransport(server.url).sendMail(MAIL)
  const wrong = server.url.replace('keys:', 'other:')
  await expect(createTransport(wrong).sendMail(MAIL)).rejects.toMatchObject({ responseCode: 535 })
  expect(server.mails).toHaveLength(1)
})

test('is gone while it is stopped, and comes back to its port', async () => {
  const server = await open()
  await server.stop()
  await expect(createTransport(server.url).sendMail(MAIL)).rejects.toThrow('ECONNREFUSED')
  await server.start()
  await createTransport(server.url).sendMail(MAIL)
  expect(server.mails).toHaveLength(1)
})

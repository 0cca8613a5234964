/** Mails over SMTP as it is spoken: encrypted or not, refused at each step, by servers that fail. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { LINK_TOKEN, leakedMail } from '../../tests/mail/sample-mail.ts'
import { type Certificate, newCertificate } from '../../tests/servers/certificate.ts'
import { freePort } from '../../tests/servers/ports.ts'
import {
  type Script,
  type ScriptedSmtp,
  startScriptedSmtp,
} from '../../tests/servers/scripted-smtp.ts'
import { type SmtpOptions, type SmtpServer, startSmtp } from '../../tests/servers/smtp.ts'
import { MailError, type Mailer } from '../core/ports/mailer.ts'
import { createMailer } from './index.ts'

import type { SmtpMailerOptions } from './smtp-mailer.ts'

const LOGIN = { user: 'keys@acme.example', password: 'open/sesame #1' }
const USERINFO = `${encodeURIComponent(LOGIN.user)}:${encodeURIComponent(LOGIN.password)}@`
const IMPATIENT = { limits: { connectMs: 200, wholeMs: 300 } }

let certificate: Certificate
let ofAnotherHost: Certificate
beforeAll(() => {
  certificate = newCertificate('IP:127.0.0.1')
  ofAnotherHost = newCertificate('DNS:mail.example.com')
})

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function serverOf(options: SmtpOptions = {}): Promise<SmtpServer> {
  const server = await startSmtp(options)
  closing.push(server.stop)
  return server
}

async function scripted(script: Script): Promise<ScriptedSmtp> {
  const server = await startScriptedSmtp(script)
  closing.push(server.stop)
  return server
}

function mailerTo(smtpUrl: string, smtp: SmtpMailerOptions = {}): Mailer {
  const from = 'Acme keys <keys@acme.example>'
  return createMailer({ smtpUrl, from, operatorCopy: null, folder: './outbox' }, { smtp })
}

/** The failure of `work`, which has to be one, and holds no secret. */
async function failureOf(work: Promise<void>): Promise<MailError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof MailError)) throw new Error(`no MailError: ${String(error)}`)
  const said = `${error.message}${error.stack}${JSON.stringify(error)}${String(error.cause)}`
  expect(said).not.toContain(LINK_TOKEN)
  expect(said).not.toContain('sesame')
  expect(said).not.toContain(Buffer.from(LOGIN.password).toString('base64'))
  expect(error.message).not.toMatch(/[\r\n]/)
  return error
}

describe('a server that takes it', () => {
  test('plain, without a login: one mail, from the sender, to the owner', async () => {
    const server = await serverOf()
    await mailerTo(server.url).deliver(leakedMail())
    const [mail] = server.mails
    expect(server.mails).toHaveLength(1)
    expect(mail?.sender).toBe('keys@acme.example')
    expect(mail?.deliveredTo).toEqual(['ada@example.com'])
    expect(mail?.secure).toBe(false)
  })

  test('with a login, on this machine also in clear', async () => {
    const server = await serverOf({ login: LOGIN })
    await mailerTo(server.url).deliver(leakedMail())
    expect(server.mails).toHaveLength(1)
  })

  test.each(['starttls', 'tls'] as const)('encrypted by %s, with a login', async (mode) => {
    const server = await serverOf({ login: LOGIN, encryption: { mode, ...certificate } })
    await mailerTo(server.url, { trustedCa: certificate.cert }).deliver(leakedMail())
    expect(server.mails[0]?.secure).toBe(true)
  })

  test('STARTTLS is used where it is offered, without a login, too', async () => {
    const server = await serverOf({ encryption: { mode: 'starttls', ...certificate } })
    await mailerTo(server.url, { trustedCa: certificate.cert }).deliver(leakedMail())
    expect(server.mails[0]?.secure).toBe(true)
  })

  test('a check logs in and sends nothing', async () => {
    const server = await serverOf({ login: LOGIN })
    await mailerTo(server.url).check()
    expect([server.connections(), server.mails.length]).toEqual([1, 0])
  })

  test('closing waits for what is on its way', async () => {
    const server = await serverOf()
    const mailer = mailerTo(server.url)
    const delivery = mailer.deliver(leakedMail())
    await mailer.close()
    expect(server.mails).toHaveLength(1)
    await delivery
  })
})

describe('encryption that cannot be trusted', () => {
  test.each(['starttls', 'tls'] as const)('%s by a stranger: nothing is sent', async (mode) => {
    const server = await serverOf({ login: LOGIN, encryption: { mode, ...certificate } })
    const { message, isFinal } = await failureOf(mailerTo(server.url).deliver(leakedMail()))
    expect(message).toMatch(/^127\.0\.0\.1:\d+ cannot be used: .*self-signed certificate/)
    expect(isFinal).toBe(false)
    expect(server.mails).toEqual([])
  })

  test.each(['starttls', 'tls'] as const)('%s of another host: nothing is sent', async (mode) => {
    const server = await serverOf({ login: LOGIN, encryption: { mode, ...ofAnotherHost } })
    const mailer = mailerTo(server.url, { trustedCa: ofAnotherHost.cert })
    const { message } = await failureOf(mailer.deliver(leakedMail()))
    expect(message).toMatch(/not in the cert/)
    expect(server.mails).toEqual([])
  })

  test('none offered by a server elsewhere: the password is not sent', async () => {
    const server = await scripted({})
    // Another name of this machine, which nothing says of it.
    const mailer = mailerTo(`smtp://${USERINFO}0.0.0.0:${server.port}`)
    const { message, isFinal } = await failureOf(mailer.deliver(leakedMail()))
    expect(message).toContain('refused STARTTLS, and no password is sent without it: 502')
    expect(isFinal).toBe(false)
    expect(server.commands.filter((line) => !/^(EHLO|STARTTLS)/.test(line))).toEqual([])
  })

  test('none offered, nor a login asked for: it is sent', async () => {
    const server = await scripted({ EHLO: '250 test' })
    await mailerTo(`smtp://0.0.0.0:${server.port}`).deliver(leakedMail())
    expect(server.contents).toHaveLength(1)
  })

  test('offered and then refused: it is not sent in clear', async () => {
    const server = await scripted({ EHLO: '250-test\r\n250 STARTTLS', STARTTLS: '454 4.7.0 later' })
    const { message } = await failureOf(mailerTo(urlOf(server)).deliver(leakedMail()))
    expect(message).toContain('offers STARTTLS and refused it: 454')
    expect(server.contents).toEqual([])
  })
})

const urlOf = ({ port }: ScriptedSmtp, login = ''): string => `smtp://${login}127.0.0.1:${port}`

describe('a wrong login', () => {
  test('is named, and not final: the operator corrects it', async () => {
    const server = await serverOf({ login: LOGIN })
    const mailer = mailerTo(server.url.replace('keys%40', 'other%40'))
    for (const attempt of [() => mailer.deliver(leakedMail()), () => mailer.check()]) {
      const { message, isFinal } = await failureOf(attempt())
      expect(message).toMatch(
        /^127\.0\.0\.1:\d+ refused the login: 535 .*; check user and password in LOCKGATE_SMTP_URL$/,
      )
      expect(isFinal).toBe(false)
    }
    expect(server.mails).toEqual([])
  })

  test('a login that the server does not offer is tried, not left out', async () => {
    const server = await scripted({ EHLO: '250 test', AUTH: '503 5.5.1 no login here' })
    const { isFinal } = await failureOf(mailerTo(urlOf(server, USERINFO)).deliver(leakedMail()))
    expect(isFinal).toBe(false)
    expect(server.contents).toEqual([])
  })
})

test.each([
  ['greeting', '554 5.7.1 no service for you', false],
  ['greeting', '421 4.3.2 closing', false],
  ['EHLO', '421 4.3.2 closing', false],
  ['AUTH', '535 5.7.8 wrong', false],
  ['AUTH', '454 4.7.0 later', false],
  ['MAIL', '550 5.7.1 you may not send as that', false],
  ['MAIL', '451 4.3.0 later', false],
  ['RCPT', '550 5.1.1 nobody of that name', true],
  ['RCPT', '553 nobody of that name', true],
  ['RCPT', '530 5.7.0 log in first', false],
  ['RCPT', '503 5.5.1 bad order', false],
  ['RCPT', '552 5.2.2 mailbox full', false],
  ['RCPT', '550 5.2.2 mailbox full', false],
  ['RCPT', '450 4.2.0 greylisted', false],
  ['RCPT', '421 4.3.2 closing', false],
  ['DATA', '554 5.7.1 policy', true],
  ['DATA', '451 4.3.0 later', false],
  ['content', '554 5.6.0 looks like spam', true],
  ['content', '550-5.7.1 looks like spam\r\n550 5.7.1 see our page', true],
  ['content', '552 5.3.4 too large', false],
  ['content', '451 4.3.0 disk full', false],
  ['content', '421 4.3.2 closing', false],
] as const)('%s answered with %j; final: %s', async (step, answer, isFinal) => {
  const server = await scripted({ [step]: answer })
  const failure = await failureOf(mailerTo(urlOf(server, USERINFO)).deliver(leakedMail()))
  expect(failure.isFinal).toBe(isFinal)
  expect(failure.message).toContain(`127.0.0.1:${server.port} `)
  expect(failure.message).toContain(answer.slice(0, 12))
})

test('a server that repeats what it was sent gives no secret away', async () => {
  const token = `${LINK_TOKEN.slice(0, 30)} ${LINK_TOKEN} https://keys.acme.example/replace/${LINK_TOKEN}`
  const refused = await scripted({ AUTH: `535 what is {}? or ${LOGIN.password}` })
  const login = await failureOf(mailerTo(urlOf(refused, USERINFO)).deliver(leakedMail()))
  expect(login.message).toMatch(/refused the login: 535 what is AUTH PLAIN \*\*\* or \*\*\*; check/)
  const blocked = await scripted({ content: `554 5.7.1 blocked for ${token}` })
  const mail = await failureOf(mailerTo(urlOf(blocked)).deliver(leakedMail()))
  expect(mail.message).toMatch(/554 5\.7\.1 blocked for \*\*\* \*\*\* \*\*\*$/)
})

test('what a server says is cut to one line', async () => {
  const server = await scripted({ RCPT: `550-${'no '.repeat(2_000)}\r\n550 \u001b[31mno` })
  const { message } = await failureOf(mailerTo(urlOf(server)).deliver(leakedMail()))
  expect(message.length).toBeLessThan(260)
  expect(message).not.toMatch(/\p{Cc}/u)
})

describe('a server that fails: within the deadline, and never final', () => {
  const STEPS = ['greeting', 'EHLO', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'content'] as const

  test.each(STEPS.flatMap((step) => [['silence', step] as const, ['drip', step] as const]))(
    '%s after %s',
    async (answer, step) => {
      const server = await scripted({ [step]: answer })
      const mailer = mailerTo(urlOf(server, USERINFO), IMPATIENT)
      const { message, isFinal } = await failureOf(mailer.deliver(leakedMail()))
      expect(message).toMatch(/did not answer in time|was not done within 0\.3 s/)
      expect(isFinal).toBe(false)
    },
  )

  test.each(STEPS)('the connection is cut after %s', async (step) => {
    const server = await scripted({ [step]: 'hang up' })
    const failure = await failureOf(mailerTo(urlOf(server, USERINFO)).deliver(leakedMail()))
    expect(failure.isFinal).toBe(false)
  })

  test('the connection is cut within the mail', async () => {
    const server = await scripted({ cutContent: true })
    expect((await failureOf(mailerTo(urlOf(server)).deliver(leakedMail()))).isFinal).toBe(false)
    expect(server.contents).toEqual([])
  })

  test('the answer to a whole mail is lost: tried again, as the same mail', async () => {
    const server = await scripted({ content: 'hang up' })
    const mailer = mailerTo(urlOf(server))
    for (let attempt = 0; attempt < 2; attempt++) {
      expect((await failureOf(mailer.deliver(leakedMail()))).isFinal).toBe(false)
    }
    const ids = server.contents.map((content) => /^Message-ID: .*$/im.exec(content)?.[0])
    expect(ids).toEqual(Array(2).fill('Message-ID: <leaked-7Hq2mZ9x@acme.example>'))
  })

  test('nothing listens, or there is no such host', async () => {
    const port = await freePort()
    const down = await failureOf(mailerTo(`smtp://127.0.0.1:${port}`).deliver(leakedMail()))
    expect(down.message).toMatch(/^127\.0\.0\.1:\d+ cannot be used: connect ECONNREFUSED/)
    const nowhere = mailerTo(`smtps://${USERINFO}nowhere.invalid`, IMPATIENT)
    const unknown = await failureOf(nowhere.check())
    expect(unknown.message).toMatch(/^nowhere\.invalid:465 /)
    expect([down.isFinal, unknown.isFinal]).toEqual([false, false])
  })
})

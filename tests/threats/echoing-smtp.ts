/**
 * A mail server that, on its bad days, repeats all that it was told: the login when it refuses it, the
 * link when it refuses a mail. It remembers the links that it saw, taken or not.
 */
import { once } from 'node:events'
import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { freePort } from '../servers/ports.ts'

export interface EchoingSmtp {
  readonly port: number
  /** `login`: refuses it; `mail`: refuses the mail; both with what they were sent. */
  mode: 'take' | 'login' | 'mail'
  /** Of all mails that came, oldest first; those without a link are not here. */
  readonly links: readonly string[]
  readonly logins: readonly string[]
  stop(): Promise<void>
}

const LINK = /https?:\/\/\S+\/replace\/[\w-]{43}/
const refusal = (responseCode: number, text: string): Error =>
  Object.assign(new Error(text), { responseCode })

export async function startEchoingSmtp(): Promise<EchoingSmtp> {
  const port = await freePort()
  const links: string[] = []
  const logins: string[] = []
  const server = new SMTPServer({
    ...{ disabledCommands: ['STARTTLS'], allowInsecureAuth: true, closeTimeout: 100 },
    onAuth({ username, password }, _session, done) {
      logins.push(password ?? '')
      if (echoing.mode !== 'login') return done(null, { user: `${username}` })
      const plain = Buffer.from(`\0${username}\0${password}`).toString('base64')
      done(refusal(535, `5.7.8 ${username} and ${password} are wrong: AUTH PLAIN ${plain}`))
    },
    onData(stream, _session, done) {
      simpleParser(stream, { skipImageLinks: true }).then(({ text = '' }) => {
        const [link] = LINK.exec(text) ?? []
        if (link !== undefined) links.push(link)
        if (echoing.mode === 'take') return done()
        const token = link?.split('/').at(-1)
        const escaped = encodeURIComponent(link ?? '')
        done(refusal(451, `4.7.1 no ${token} of ${link}, or as some servers write it ${escaped}`))
      }, done)
    },
  })
  // A client that breaks off is no failure of the server.
  server.on('error', () => {})
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const echoing: EchoingSmtp = {
    ...{ port, mode: 'take', links, logins },
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
  return echoing
}

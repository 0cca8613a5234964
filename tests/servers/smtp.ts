/**
 * A mail server on 127.0.0.1 for tests: real SMTP, mails taken apart, none sent on. It can be down for
 * a while, and it can refuse. STARTTLS and TLS need a certificate of the caller's.
 */
import { once } from 'node:events'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { until } from './child.ts'
import { freePort } from './ports.ts'

export interface ReceivedMail extends ParsedMail {
  /** Of the envelope: who it was delivered to. */
  readonly deliveredTo: readonly string[]
  readonly sender: string
  /** The message as it came over the wire. */
  readonly raw: string
  /** Whether the connection was encrypted. */
  readonly secure: boolean
  /** Wall time at which the server had all of it. */
  readonly receivedAtMs: number
}

export interface SmtpOptions {
  /** The only login that is taken; absent: none is asked for. */
  readonly login?: { readonly user: string; readonly password: string }
  /** `starttls` offers it, `tls` wants it from the first byte; absent: plain. */
  readonly encryption?: {
    readonly mode: 'starttls' | 'tls'
    readonly key: string
    readonly cert: string
  }
  /** Answers a whole mail with this SMTP code, such as 451 or 550; undefined accepts it. */
  readonly refuse?: (mail: { readonly to: readonly string[] }) => number | undefined
}

export interface SmtpServer {
  readonly url: string
  readonly port: number
  /** Those that were accepted, oldest first. */
  readonly mails: readonly ReceivedMail[]
  /** How many connections were made so far. */
  connections(): number
  /** The first `count` mails to this address, once they have come. */
  mailsTo(address: string, count?: number): Promise<readonly ReceivedMail[]>
  /** Nothing listens on its port until `start`; its mails are kept. */
  stop(): Promise<void>
  start(): Promise<void>
}

export async function startSmtp(options: SmtpOptions = {}): Promise<SmtpServer> {
  const port = await freePort()
  const mails: ReceivedMail[] = []
  let connections = 0
  let server: SMTPServer | undefined

  const start = async (): Promise<void> => {
    server = new SMTPServer({
      ...protectionOf(options),
      closeTimeout: 100,
      onConnect: (_session, done) => {
        connections++
        done()
      },
      onData: (stream, session, done) => {
        const { mailFrom, rcptTo } = session.envelope
        const to = rcptTo.map(({ address }) => address)
        const sender = mailFrom === false ? '' : mailFrom.address
        receive(stream, { deliveredTo: to, sender, secure: session.secure }).then((mail) => {
          const code = options.refuse?.({ to })
          if (code === undefined) mails.push(mail)
          done(code === undefined ? null : Object.assign(new Error('no'), { responseCode: code }))
        }, done)
      },
    })
    // A client that breaks off is no failure of the server.
    server.on('error', () => {})
    const listening = server.listen(port, '127.0.0.1')
    await once(listening, 'listening')
  }

  await start()
  const { login, encryption } = options
  const user =
    login === undefined
      ? ''
      : `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}@`
  const addressed = (address: string) => mails.filter((mail) => mail.deliveredTo.includes(address))
  return {
    url: `${encryption?.mode === 'tls' ? 'smtps' : 'smtp'}://${user}127.0.0.1:${port}`,
    port,
    mails,
    connections: () => connections,
    async mailsTo(address, count = 1) {
      await until(`${count} mails to ${address}`, async () => addressed(address).length >= count)
      return addressed(address).slice(0, count)
    },
    start,
    stop: () => new Promise((resolve) => server?.close(() => resolve())),
  }
}

/** Without a login AUTH is not offered; without a certificate STARTTLS is not. */
function protectionOf({ login, encryption }: SmtpOptions): SMTPServerOptions {
  const disabledCommands = [
    ...(login === undefined ? ['AUTH'] : []),
    ...(encryption?.mode === 'starttls' ? [] : ['STARTTLS']),
  ]
  return {
    disabledCommands,
    authOptional: login === undefined,
    allowInsecureAuth: encryption === undefined,
    secure: encryption?.mode === 'tls',
    ...(encryption === undefined ? {} : { key: encryption.key, cert: encryption.cert }),
    onAuth: ({ username, password }, _session, done) => {
      if (username === login?.user && password === login?.password) done(null, { user: username })
      else done(Object.assign(new Error('wrong login'), { responseCode: 535 }))
    },
  }
}

async function receive(
  stream: AsyncIterable<Buffer>,
  envelope: Pick<ReceivedMail, 'deliveredTo' | 'sender' | 'secure'>,
): Promise<ReceivedMail> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  const raw = Buffer.concat(chunks).toString('utf8')
  const mail = await simpleParser(raw, { skipImageLinks: true })
  return { ...mail, ...envelope, raw, receivedAtMs: Date.now() }
}

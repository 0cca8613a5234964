/**
 * One session with an SMTP server: connected, encrypted, logged in, used, closed. It ends by its
 * deadline whatever the server does, and leaves no socket behind.
 *
 * A password leaves this machine only encrypted: with a login STARTTLS is required, except to a server
 * on the loopback interface. Without one it is used wherever it is offered. Certificates are verified.
 */
import SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { SmtpUrl } from '../core/smtp-url.ts'

export interface SessionLimits {
  /** From the first packet to the end of a STARTTLS. */
  readonly connectMs: number
  readonly wholeMs: number
}

export class DeadlineError extends Error {}

export interface SessionOptions {
  readonly server: SmtpUrl
  readonly limits: SessionLimits
  /** PEM; in place of the certificate authorities that Node trusts. */
  readonly trustedCa: string | undefined
}

export async function inSession(
  { server, limits, trustedCa }: SessionOptions,
  use: (connection: SMTPConnection) => Promise<void>,
): Promise<void> {
  const connection = new SMTPConnection({
    ...{ host: server.host, port: server.port, secure: server.tls },
    requireTLS: !server.tls && server.login !== null && !server.isLoopback,
    ...{ connectionTimeout: limits.connectMs, greetingTimeout: limits.connectMs },
    ...{ dnsTimeout: limits.connectMs, socketTimeout: limits.wholeMs, socketCloseTimeout: 1_000 },
    tls: trustedCa === undefined ? {} : { ca: trustedCa },
  })
  let deadline: NodeJS.Timeout | undefined
  const broken = new Promise<never>((_resolve, reject) => {
    connection.on('error', reject)
    // After what else there is to say about the end, such as the server's last words.
    connection.on('end', () => setImmediate(reject, new Error('it closed the connection')))
    deadline = setTimeout(() => reject(new DeadlineError()), limits.wholeMs)
  })
  try {
    await Promise.race([broken, connect(connection, server).then(() => use(connection))])
    connection.quit()
  } finally {
    clearTimeout(deadline)
    connection.close()
  }
}

/** Also where the server offers no login: it shall refuse, rather than take the mail from nobody. */
async function connect(connection: SMTPConnection, { login }: SmtpUrl): Promise<void> {
  await answered((done) => connection.connect(done))
  if (login === null) return
  const credentials = { user: login.user, pass: login.password }
  await answered((done) => connection.login({ credentials }, done))
}

export async function send(
  connection: SMTPConnection,
  envelope: { readonly from: string; readonly to: string },
  message: Buffer,
): Promise<void> {
  const { from, to } = envelope
  await answered((done) => connection.send({ from, to: [to], size: message.length }, message, done))
}

const answered = (start: (done: (error?: Error | null) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()))
  })

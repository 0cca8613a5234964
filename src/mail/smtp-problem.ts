/**
 * What went wrong with a server, in one line and without a secret. Servers repeat what they were sent,
 * such as a URL that they do not like, or a login; so their words are cleaned before they are shown.
 */
import { MailError } from '../core/ports/mailer.ts'
import type { SmtpUrl } from '../core/smtp-url.ts'
import { DeadlineError, type SessionLimits } from './smtp-session.ts'

const MAX_ANSWER_LENGTH = 200
const MASK = '***'
/** A shorter one is part of other words. */
const MIN_USER_LENGTH = 4

/** As nodemailer's errors are. */
interface SmtpFailure {
  readonly message: string
  readonly code?: unknown
  readonly response?: unknown
  readonly command?: unknown
}

export interface ProblemContext {
  readonly server: SmtpUrl
  readonly limits: SessionLimits
  /** The link of the mail, whose token is in it. */
  readonly linkUrl: string | null
}

export function mailErrorOf(error: unknown, context: ProblemContext): MailError {
  if (error instanceof MailError) return error
  const { server } = context
  const host = server.host.includes(':') ? `[${server.host}]` : server.host
  const failure: SmtpFailure = error instanceof Error ? error : { message: String(error) }
  const text = cleaned(problemOf(failure, context), context)
  return new MailError(`${host}:${server.port} ${text}`, { isFinal: isFinal(failure) })
}

function problemOf(failure: SmtpFailure, { server, limits }: ProblemContext): string {
  const { code, command, message } = failure
  if (failure instanceof DeadlineError) return `was not done within ${limits.wholeMs / 1000} s`
  const answer = typeof failure.response === 'string' ? failure.response : undefined
  if (code === 'EAUTH') {
    return `refused the login: ${answer ?? message}; check user and password in LOCKGATE_SMTP_URL`
  }
  if (command === 'STARTTLS' && answer !== undefined) {
    return server.login === null
      ? `offers STARTTLS and refused it: ${answer}`
      : `refused STARTTLS, and no password is sent without it: ${answer}`
  }
  if (code === 'ETIMEDOUT') return `did not answer in time: ${message}`
  if (answer === undefined) {
    return `cannot be used: ${message}; check it, and LOCKGATE_SMTP_URL`
  }
  return `answered ${stageOf(command)}: ${answer}`
}

function stageOf(command: unknown): string {
  const stages = new Map<unknown, string>([
    ['MAIL FROM', 'to the sender; check mail.from'],
    ['RCPT TO', 'to the recipient'],
    ['DATA', 'to the mail'],
  ])
  return stages.get(command) ?? 'at the start'
}

/**
 * The server will say the same tomorrow: it refused this recipient or this mail, and not the sender,
 * the login or the order of commands, which an operator can correct meanwhile; and no full mailbox.
 */
function isFinal({ response, command }: SmtpFailure): boolean {
  if (typeof response !== 'string' || (command !== 'RCPT TO' && command !== 'DATA')) return false
  const [, code = '', status = ''] = /^(5\d\d)[ -]?(\d\.\d{1,3}\.\d{1,3})?/.exec(response) ?? []
  if (code === '' || ['503', '530', '534', '535', '538', '552'].includes(code)) return false
  return !status.startsWith('4.') && status !== '5.2.2'
}

/** One short line, in which nothing is left of login and link. */
function cleaned(text: string, { server: { login }, linkUrl }: ProblemContext): string {
  const secrets = [linkUrl, linkUrl?.slice(linkUrl.lastIndexOf('/') + 1), ...secretsOf(login)]
  const known = secrets.reduce<string>(
    (left, secret) => (secret ? left.replaceAll(secret, MASK) : left),
    text,
  )
  const line = known
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/(AUTH (?:PLAIN|LOGIN) )\S+/gi, `$1${MASK}`)
    .replace(/[\w+/=-]{20,}/g, (run) => (isRandom(run) ? MASK : run))
  return line.length <= MAX_ANSWER_LENGTH ? line : `${line.slice(0, MAX_ANSWER_LENGTH)}…`
}

/** The login in each form that is sent. */
function secretsOf(login: SmtpUrl['login']): string[] {
  if (login === null) return []
  const { user, password } = login
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  return [
    base64(`\0${user}\0${password}`),
    base64(password),
    encodeURIComponent(password),
    password,
    ...(user.length < MIN_USER_LENGTH ? [] : [base64(user), encodeURIComponent(user), user]),
  ]
}

/** Part of a token or of something encoded, rather than the name of a host or a header. */
const isRandom = (run: string): boolean => /[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run)

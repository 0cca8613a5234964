/**
 * SMTP URLs, read. What they say and cannot be honoured is refused, never skipped: there is no
 * parameter that turns encryption or the check of a certificate off. No message shows the URL.
 */
import { ConfigError } from './errors.ts'
import { isLoopbackHost } from './loopback.ts'

export interface SmtpUrl {
  /** Without brackets. */
  readonly host: string
  readonly port: number
  /** `smtps`: TLS from the first byte. `smtp`: STARTTLS where the server offers it. */
  readonly tls: boolean
  readonly login: { readonly user: string; readonly password: string } | null
  /** The only host that a password is sent to in clear. */
  readonly isLoopback: boolean
}

const SUBMISSION_PORT = 587
const TLS_PORT = 465
const FORMS =
  'must be smtp://user:password@host:587 or smtps://user:password@host:465, with special characters of user and password as escapes such as %40'

/** Throws a ConfigError that names `source`. */
export function parseSmtpUrl(text: string, source: string): SmtpUrl {
  const refuse = (problem: string): never => {
    throw new ConfigError(`${source}: ${problem}`)
  }
  const url = /^smtps?:\/\/[^\s\\]+$/i.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) return refuse(FORMS)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!/^[\w.-]+$|^[\da-f:.]+$/i.test(host) || url.port === '0') return refuse(FORMS)
  if (url.search !== '' || url.hash !== '' || !/^\/?$/.test(url.pathname)) {
    return refuse(`${FORMS}; nothing follows the port`)
  }
  const tls = url.protocol === 'smtps:'
  const user = decoded(url.username) ?? refuse(FORMS)
  const password = decoded(url.password) ?? refuse(FORMS)
  if ((user === '') !== (password === '')) return refuse(`${FORMS}; user and password go together`)
  return {
    ...{ host, tls },
    port: url.port === '' ? (tls ? TLS_PORT : SUBMISSION_PORT) : Number(url.port),
    login: user === '' ? null : { user, password },
    isLoopback: isLoopbackHost(host),
  }
}

/** undefined where an escape is none, and for what would end a command. */
function decoded(text: string): string | undefined {
  try {
    const plain = decodeURIComponent(text)
    return /\p{Cc}/u.test(plain) ? undefined : plain
  } catch {
    return undefined
  }
}

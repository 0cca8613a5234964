/** The settings of mails and of the links in them: where they come from, and their defaults. Pure. */
import { ConfigError } from '../core/errors.ts'
import type { MailSettings } from '../core/settings.ts'
import { parseSmtpUrl } from '../core/smtp-url.ts'
import { isPlainPath, trimSlash } from './http-values.ts'
import type { ReadConfig } from './schema.ts'

/** The admin listener of `lockgate serve` on this machine. */
const DEFAULT_PUBLIC_URL = 'http://127.0.0.1:8788'
const PUBLIC_URL_RULE =
  'must be where owners reach Lockgate, such as https://keys.example.com, without user, query or fragment'

/** Without a slash at its end, so that a path can be put behind it. What is refused is not shown. */
export function publicUrlOf(
  fromEnvironment: string | undefined,
  read: Pick<ReadConfig, 'publicUrl'>,
  source: string,
): string {
  const text = (fromEnvironment ?? read.publicUrl ?? DEFAULT_PUBLIC_URL).trim()
  const url = /^https?:\/\/[^\s\\?#@]+$/i.test(text) && URL.canParse(text) ? new URL(text) : null
  if (url !== null && isPlainPath(url.pathname)) return `${url.origin}${trimSlash(url.pathname)}`
  const said = fromEnvironment === undefined ? `${source}: publicUrl` : 'LOCKGATE_PUBLIC_URL'
  throw new ConfigError(`${said}: ${PUBLIC_URL_RULE}`)
}

/** The server is named by the environment only, because its URL holds a password. */
export function mailSettings(
  fromEnvironment: string | undefined,
  read: ReadConfig['mail'],
  publicUrl: string,
): MailSettings {
  const smtpUrl = fromEnvironment?.trim() ?? null
  if (smtpUrl !== null) parseSmtpUrl(smtpUrl, 'LOCKGATE_SMTP_URL')
  return {
    smtpUrl,
    from: read?.from ?? `Lockgate <lockgate@${senderDomain(new URL(publicUrl).hostname)}>`,
    operatorCopy: read?.operatorCopy ?? null,
    folder: read?.folder ?? './outbox',
  }
}

/** A host that is an address or this machine is no domain of a sender. */
const senderDomain = (hostname: string): string =>
  /^[\d.]+$|^\[|^localhost$/.test(hostname) ? 'localhost.localdomain' : hostname

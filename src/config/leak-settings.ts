/** The settings of mail, links, leak reports, anomalies and retention: defaults, and URLs checked. Pure. */
import { ConfigError } from '../core/errors.ts'
import type {
  AnomalySettings,
  AuditSettings,
  LeakSettings,
  MailSettings,
} from '../core/settings.ts'
import type { ReadConfig } from './schema.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const DEFAULT_PUBLIC_URL = 'http://127.0.0.1:8788'
const GITHUB_KEYS_URL = 'https://api.github.com/meta/public_keys/secret_scanning'

/** An http(s) origin, optionally with a path; no user, query or fragment. Without a slash at its end. */
export function publicUrlOf(fromEnvironment: string | undefined, read: ReadConfig, source: string) {
  const text = (fromEnvironment ?? read.publicUrl ?? DEFAULT_PUBLIC_URL).trim()
  const said = fromEnvironment === undefined ? `${source}: publicUrl` : 'LOCKGATE_PUBLIC_URL'
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isPlain =
    (url?.protocol === 'http:' || url?.protocol === 'https:') &&
    url.username === '' &&
    url.password === '' &&
    !/[?#\s\\]/.test(text)
  if (url === undefined || !isPlain) {
    throw new ConfigError(
      `${said}: must be where owners reach Lockgate, such as https://keys.example.com, without user, query or fragment`,
    )
  }
  return url.href.replace(/\/+$/, '')
}

export function mailSettings(
  fromEnvironment: string | undefined,
  read: ReadConfig['mail'],
  publicUrl: string,
): MailSettings {
  return {
    smtpUrl: fromEnvironment === undefined ? null : smtpUrlOf(fromEnvironment.trim()),
    from: read?.from ?? `Lockgate <lockgate@${mailDomain(new URL(publicUrl).hostname)}>`,
    operatorCopy: read?.operatorCopy ?? null,
    folder: read?.folder ?? './outbox',
  }
}

/** A password with a slash or `@` must be escaped, and is never shown. */
function smtpUrlOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isSmtp = url?.protocol === 'smtp:' || url?.protocol === 'smtps:'
  if (isSmtp && url.hostname !== '' && !/\s/.test(text)) return text
  throw new ConfigError(
    'LOCKGATE_SMTP_URL: must be smtp://user:password@host:587 or smtps://user:password@host:465, with special characters of the password as escapes such as %40',
  )
}

/** A host that is an address is no domain of a sender. */
const mailDomain = (hostname: string): string =>
  /^[\d.]+$|^\[|^localhost$/.test(hostname) ? 'localhost.localdomain' : hostname

export function leakSettings(read: ReadConfig['leaks']): LeakSettings {
  const github = read?.github ?? false
  if (github === false) return { github: null }
  const publicKeysUrl = (github === true ? undefined : github.publicKeysUrl) ?? GITHUB_KEYS_URL
  return { github: { publicKeysUrl } }
}

export const anomalySettings = (read: ReadConfig['anomaly']): AnomalySettings => ({
  action: read?.action ?? 'warn',
  newNetworks: read?.newNetworks ?? 8,
  baselineFactor: read?.baselineFactor ?? 10,
})

export const auditSettings = (read: ReadConfig['audit']): AuditSettings => ({
  keepForMs: read?.keepFor ?? null,
  keepRows: read?.keepRows ?? null,
  signingKeyFile: read?.signingKeyFile ?? './lockgate-audit.pem',
})

/** Longest first, each once. */
export const expiryRemindersOf = (read: ReadConfig['expiryReminders']): number[] =>
  read === false
    ? []
    : [...new Set(read ?? [14 * DAY_MS, 3 * DAY_MS, DAY_MS])].sort((a, b) => b - a)

/** Mails as the queue hands them out, for tests of what delivers and shows them. */
import type { OutgoingMail } from '../../src/core/ports/mailer.ts'

export const LINK_TOKEN = 'q7Zc0aVx3Kf9LmT2bR8sYwD5uHnE1jGpQo4iCkX6vNA'
const AT_MS = Date.UTC(2026, 10, 26, 13, 14, 46)
const DAY_MS = 24 * 60 * 60 * 1000

const OF_THE_KEY = {
  ...{ key_name: 'laptop', tier: 'free', mode: 'live', scopes: 'read write' },
  at: new Date(AT_MS).toISOString(),
}

export const leakedMail = (changes: Partial<OutgoingMail> = {}): OutgoingMail => ({
  name: 'leaked-7Hq2mZ9x',
  kind: 'key.leaked',
  to: 'ada@example.com',
  audience: 'owner',
  keyId: '7Hq2mZ9x',
  createdAtMs: AT_MS,
  linkUrl: `https://keys.acme.example/replace/${LINK_TOKEN}`,
  linkExpiresAtMs: AT_MS + DAY_MS,
  ...changes,
  details: {
    ...OF_THE_KEY,
    source: 'github',
    where: 'https://github.com/acme/app/blob/main/.env',
    ...changes.details,
  },
})

export const suspiciousMail = (changes: Partial<OutgoingMail> = {}): OutgoingMail =>
  leakedMail({
    name: 'suspicious-Lk3',
    kind: 'key.suspicious',
    ...changes,
    details: {
      ...{ source: null, where: null, reason: 'rate', seen: 4_100, usual: 300, suspended: false },
      ...changes.details,
    },
  })

export const expiringMail = (changes: Partial<OutgoingMail> = {}): OutgoingMail =>
  leakedMail({
    name: `expiring-7Hq2mZ9x-14d-${AT_MS + 14 * DAY_MS}`,
    kind: 'key.expiring',
    linkUrl: null,
    linkExpiresAtMs: null,
    ...changes,
    details: {
      ...{ source: null, where: null, days_left: 14 },
      expires_at: new Date(AT_MS + 14 * DAY_MS).toISOString(),
      ...changes.details,
    },
  })

/** Goes to the operator alone. */
export const alertMail = (details: OutgoingMail['details'] = {}): OutgoingMail => ({
  name: 'spend-account-day-80-2026-11-26-of-20000000',
  kind: 'spend.alert',
  to: 'ops@acme.example',
  audience: 'operator',
  keyId: '',
  createdAtMs: AT_MS,
  linkUrl: null,
  linkExpiresAtMs: null,
  details: {
    ...{ scope: 'account', cap: 'account_spend_day', window: 'day', period: '2026-11-26' },
    ...{ percent: 80, spent_micro_usd: 16_040_000, quota_micro_usd: 20_000_000 },
    at: new Date(AT_MS).toISOString(),
    ...details,
  },
})

/** The operator's copy of a mail. */
export const copyOf = (mail: OutgoingMail): OutgoingMail => ({
  ...mail,
  name: `${mail.name}-operator`,
  to: 'ops@acme.example',
  audience: 'operator',
  linkUrl: null,
  linkExpiresAtMs: null,
  details: { owner: mail.to, ...mail.details },
})

/** Each kind, for each audience. */
export const allMails = (): OutgoingMail[] => [
  ...mailsAboutKeys().flatMap((mail) => [mail, copyOf(mail)]),
  alertMail(),
  alertMail({
    ...{ cap: 'account_spend_month', window: 'month', period: '2026-11' },
    ...{ percent: 100, spent_micro_usd: 299_996_300, quota_micro_usd: 300_000_000 },
  }),
]

const mailsAboutKeys = (): OutgoingMail[] => [
  leakedMail(),
  suspiciousMail(),
  suspiciousMail({
    details: {
      ...{ reason: 'new_networks', seen: 9, usual: 2, suspended: true },
      where: '203.0.113.0/24, 2001:db8:1:2::/64, 198.51.100.0/24',
    },
  }),
  expiringMail(),
]

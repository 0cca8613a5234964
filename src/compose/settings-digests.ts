/**
 * A digest of each section of the effective settings, so that the audit log can tell which of them
 * changed and never what they hold. Secrets are left out before anything is hashed: of upstream headers
 * only the names count, of URLs what is left when passwords and queries are masked.
 */
import { maskUrl } from '../config/index.ts'
import { sha256Hex } from '../core/crypto.ts'
import type { Settings, SpendSettings } from '../core/settings.ts'

/** 64 bits: enough to tell a change, and nothing to guess a value by. */
const DIGEST_LENGTH = 16

/** By the section's name in the configuration, in snake case. */
export function settingsDigests(settings: Settings): Readonly<Record<string, string>> {
  const digests = Object.entries(openPartsOf(settings)).map(([name, part]) => [
    name,
    sha256Hex(canonicalJson(part)).slice(0, DIGEST_LENGTH),
  ])
  return Object.freeze(Object.fromEntries(digests))
}

/** Every section is named here, so that a new one is thought about. */
function openPartsOf(settings: Settings): Record<string, unknown> {
  const { databaseUrl, redis, keys, tiers, address, http, gateway, outage, publicUrl } = settings
  const { mail, leaks, anomaly, audit, expiryRemindersMs, logLevel } = settings
  const { upstream, upstreamHeaders, routes } = gateway
  return {
    database: maskUrl(databaseUrl),
    redis: redis && { ...redis, url: redis.url && maskUrl(redis.url) },
    ...{ keys, tiers: Object.fromEntries(tiers), ip: address, http },
    spend: settings.spend && openSpendOf(settings.spend),
    gateway: {
      ...gateway,
      upstream: upstream && maskUrl(upstream),
      upstreamHeaders: Object.keys(upstreamHeaders).sort(),
      routes: routes.map((route) => ({
        ...route,
        upstream: route.upstream && maskUrl(route.upstream),
      })),
    },
    outage,
    public_url: maskUrl(publicUrl),
    mail: { ...mail, smtpUrl: mail.smtpUrl && maskUrl(mail.smtpUrl) },
    leaks: { github: leaks.github && maskUrl(leaks.github.publicKeysUrl) },
    ...{ anomaly, audit, expiry_reminders: expiryRemindersMs, log_level: logLevel },
  }
}

/** Prices and caps; of the webhook only where it leads. */
function openSpendOf({ prices, alerts, ...caps }: SpendSettings): object {
  return {
    ...caps,
    prices: { ...prices, models: Object.fromEntries(prices.models) },
    alerts: { ...alerts, webhook: alerts.webhook && maskUrl(alerts.webhook.url) },
  }
}

/** JSON with members in the order of their names, so that the order in a file does not count. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}

/** The settings of leak reports, anomalies, reminders and the retention of the audit log: defaults. Pure. */
import type { AnomalySettings, AuditSettings, LeakSettings } from '../core/settings.ts'
import type { ReadConfig } from './schema.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const GITHUB_KEYS_URL = 'https://api.github.com/meta/public_keys/secret_scanning'

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
export function expiryRemindersOf(read: ReadConfig['expiryReminders']): number[] {
  if (read === false) return []
  return [...new Set(read ?? [14 * DAY_MS, 3 * DAY_MS, DAY_MS])].sort((a, b) => b - a)
}

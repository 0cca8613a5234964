/**
 * What is known of the keys that were found. A string with a key's form and checksum proves nothing:
 * anybody can write one around a key_id. So the secret is compared, too, and what does not fit is no
 * key of this database; else a file that somebody placed could have another's key revoked.
 */
import { LockgateError } from '../../core/errors.ts'
import { type KeyRecord, type KeyStatus, keyStatusAt } from '../../core/key/key-record.ts'
import type { KeySettings } from '../../core/settings.ts'
import type { Gate } from '../../engine/gate.ts'
import { createSecretHasher } from '../../engine/secrets/hasher.ts'
import type { Finding } from './findings.ts'

export interface Assessed {
  readonly finding: Finding
  /** `unknown`: this database has no such key. */
  readonly status: KeyStatus | 'unknown'
  readonly record: KeyRecord | null
  readonly lastUsedAtMs: number | null
}

export async function assess(
  gate: Pick<Gate, 'keys' | 'activityOf'>,
  settings: KeySettings,
  findings: readonly Finding[],
): Promise<readonly Assessed[]> {
  const hasher = createSecretHasher(settings)
  const assessed: Assessed[] = []
  for (const finding of findings) {
    const record = await recordOf(gate, finding.keyId)
    const isOurs = record !== null && (await hasher.verify(record.secretHash, finding.secret)).valid
    assessed.push(isOurs ? known(finding, record) : unknown(finding))
  }
  return withLastUse(gate, assessed)
}

/** Without a database nothing is known of any key. */
export const unknown = (finding: Finding): Assessed => ({
  ...{ finding, status: 'unknown', record: null, lastUsedAtMs: null },
})

const known = (finding: Finding, record: KeyRecord): Assessed => ({
  ...{ finding, status: keyStatusAt(record, Date.now()), record, lastUsedAtMs: null },
})

async function recordOf(gate: Pick<Gate, 'keys'>, keyId: string): Promise<KeyRecord | null> {
  try {
    return await gate.keys.find(keyId)
  } catch (error) {
    if (error instanceof LockgateError && error.code === 'not_found') return null
    throw error
  }
}

async function withLastUse(
  gate: Pick<Gate, 'activityOf'>,
  assessed: readonly Assessed[],
): Promise<readonly Assessed[]> {
  const keyIds = assessed.flatMap(({ record }) => record?.keyId ?? [])
  if (keyIds.length === 0) return assessed
  const activity = await gate.activityOf(keyIds)
  return assessed.map((one) => ({
    ...one,
    lastUsedAtMs: (one.record && activity.get(one.record.keyId)?.lastUsedAtMs) ?? null,
  }))
}

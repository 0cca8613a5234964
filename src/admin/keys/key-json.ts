/** A key as every JSON answer shows it: fixed field names, and never a hash. */
import { z } from 'zod'
import { type KeyRecord, keyStatusAt } from '../../core/key/key-record.ts'
import type { Limit } from '../../core/limits/limit.ts'
import type { KeyActivity } from '../../core/ports/activity.ts'
import { keyId, limit, time } from '../contract/fields.ts'

const KEY = {
  key_id: keyId,
  owner: z
    .string()
    .meta({ description: "The owner's e-mail address.", example: 'ada@example.com' }),
  owner_external_id: z.string().nullable(),
  name: z.string().nullable(),
  tier: z.string(),
  scopes: z.array(z.string()),
  mode: z.enum(['live', 'test']),
  status: z.enum(['active', 'disabled', 'revoked', 'expired']),
  created_at: time,
  expires_at: time.nullable().meta({ description: 'null: it never expires.' }),
  revoked_at: time.nullable(),
  rotated_from: keyId.nullable().meta({ description: 'The key that this one replaced.' }),
  allowed_addresses: z.array(z.string()).meta({ description: 'Empty: any address.' }),
  limits: z.array(limit).meta({ description: 'Limits of its own, over those of its tier.' }),
}

export const keyInfo = z.strictObject(KEY).meta({ id: 'KeyInfo' })

export const newKey = z
  .strictObject({
    key: z.string().meta({ description: 'The whole key. It is shown this once.' }),
    ...KEY,
  })
  .meta({ id: 'NewKey' })

export const usedKey = z
  .strictObject({
    ...KEY,
    last_used_at: time.nullable().meta({ description: 'null: it was never used.' }),
    requests: z.int().meta({ description: 'How many requests were admitted.' }),
  })
  .meta({ id: 'Key' })

export type KeyInfo = z.output<typeof keyInfo>

export function keyJson(record: KeyRecord, nowMs: number = Date.now()): KeyInfo {
  return {
    key_id: record.keyId,
    owner: record.owner.email,
    owner_external_id: record.owner.externalId,
    name: record.name,
    tier: record.tier,
    scopes: [...record.scopes],
    mode: record.mode,
    status: keyStatusAt(record, nowMs),
    created_at: timeText(record.createdAtMs),
    expires_at: record.expiresAtMs === null ? null : timeText(record.expiresAtMs),
    revoked_at: record.revokedAtMs === null ? null : timeText(record.revokedAtMs),
    rotated_from: record.rotatedFrom,
    allowed_addresses: [...record.allowedAddresses],
    limits: record.limitOverrides.map(limitJson),
  }
}

/** With how it was used; `activity` is undefined for a key that never was. */
export function usedKeyJson(
  record: KeyRecord,
  activity: KeyActivity | undefined,
): z.output<typeof usedKey> {
  const { lastUsedAtMs, requests = 0 } = activity ?? {}
  return {
    ...keyJson(record),
    last_used_at: lastUsedAtMs === undefined ? null : timeText(lastUsedAtMs),
    requests,
  }
}

function limitJson({ name, quota, windowMs, algorithm, burst }: Limit): z.output<typeof limit> {
  return {
    ...{ name, quota, window_ms: windowMs, algorithm },
    burst: burst ? { extra_quota: burst.extraQuota, duration_ms: burst.durationMs } : null,
  }
}

/** RFC 3339, UTC. */
export const timeText = (atMs: number): string => new Date(atMs).toISOString()

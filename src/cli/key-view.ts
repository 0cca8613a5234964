/** How keys are shown: as JSON with fixed field names, and to people. Never a hash. */
import { keyJson, timeText, usedKeyJson } from '../admin/keys/key-json.ts'
import { type KeyRecord, keyStatusAt } from '../core/key/key-record.ts'
import type { KeyActivity } from '../core/ports/activity.ts'
import type { IssuedKey } from '../engine/gate.ts'
import { list, say, sayJson, styled, table } from './output.ts'

/** A new key: the one time that it is shown. */
export async function sayIssued(issued: IssuedKey, headline: string, json: boolean): Promise<void> {
  if (json) return sayJson({ key: issued.key, ...keyJson(issued.record) })
  await say(`${headline} Store it now: it is shown this once and cannot be shown again.`)
  await say(`\n  ${styled('green', issued.key)}\n`)
  await say(keyList(issued.record))
}

export async function sayKey(record: KeyRecord, headline: string, json: boolean): Promise<void> {
  if (json) return sayJson(keyJson(record))
  if (headline !== '') await say(`${headline}\n`)
  await say(keyList(record))
}

export async function sayUsedKey(
  record: KeyRecord,
  activity: KeyActivity | undefined,
  json: boolean,
): Promise<void> {
  if (json) return sayJson(usedKeyJson(record, activity))
  await say(keyList(record, usePairs(activity)))
}

function usePairs(activity: KeyActivity | undefined): (readonly [string, string])[] {
  if (activity === undefined) return [['last used', 'never']]
  const { lastUsedAtMs, requests } = activity
  return [
    ['last used', timeText(lastUsedAtMs)],
    ['requests', requests.toLocaleString('en-US')],
  ]
}

function keyList(record: KeyRecord, more: readonly (readonly [string, string])[] = []): string {
  const optional: (readonly [string, string | null])[] = [
    ['name', record.name],
    ['external id', record.owner.externalId],
    ['revoked', record.revokedAtMs === null ? null : timeText(record.revokedAtMs)],
    ['rotated from', record.rotatedFrom],
    ['allowed from', record.allowedAddresses.join(', ') || null],
  ]
  return list([
    ['key id', record.keyId],
    ['owner', record.owner.email],
    ['tier', record.tier],
    ['scopes', record.scopes.join(', ')],
    ['status', keyStatusAt(record, Date.now())],
    ['created', timeText(record.createdAtMs)],
    ['expires', record.expiresAtMs === null ? 'never' : timeText(record.expiresAtMs)],
    ...optional.filter((pair): pair is readonly [string, string] => pair[1] !== null),
    ...more,
  ])
}

const HEAD = [
  ...['KEY ID', 'STATUS', 'OWNER', 'TIER', 'SCOPES'],
  ...['CREATED', 'EXPIRES', 'LAST USED', 'NAME'],
]

export function keyTable(
  records: readonly KeyRecord[],
  activity: ReadonlyMap<string, KeyActivity>,
): string {
  const lastUsed = (atMs: number | undefined) => (atMs === undefined ? 'never' : timeText(atMs))
  const rows = records.map((record) => [
    record.keyId,
    keyStatusAt(record, Date.now()),
    record.owner.email,
    record.tier,
    record.scopes.join(','),
    timeText(record.createdAtMs),
    record.expiresAtMs === null ? 'never' : timeText(record.expiresAtMs),
    lastUsed(activity.get(record.keyId)?.lastUsedAtMs),
    record.name ?? '',
  ])
  return table(HEAD, rows)
}

/**
 * A key's life, collected: its audit rows as sentences, refusals by day, how it was used, and the keys
 * before and after it. Rows are read page by page; what is kept grows with days, not with requests.
 */
import { type KeyRecord, keyStatusAt } from '../../core/key/key-record.ts'
import type { KeyActivity } from '../../core/ports/activity.ts'
import type { Gate } from '../../engine/gate.ts'
import { pagesOf } from '../audit-pages.ts'
import { counted } from '../output.ts'
import { DayGroups, isGrouped } from './day-groups.ts'
import { type Family, readFamily } from './family.ts'
import { lifecycleItem } from './lifecycle.ts'
import { listed, type StoryItem } from './story-item.ts'

const NETWORKS_SHOWN = 3

export interface KeyStory extends Family {
  readonly record: KeyRecord
  /** In order of time. */
  readonly items: readonly StoryItem[]
  readonly activity: KeyActivity | undefined
}

/** Rejects with `not_found`. */
export async function readKeyStory(gate: Gate, keyId: string, nowMs: number): Promise<KeyStory> {
  const record = await gate.keys.find(keyId)
  const activity = (await gate.activityOf([keyId])).get(keyId)
  const groups = new DayGroups()
  const life: StoryItem[] = []
  for await (const page of pagesOf(gate, { keyId })) {
    for (const row of page) {
      if (isGrouped(row.event)) {
        groups.add(row, row.event)
        continue
      }
      groups.close()
      life.push(lifecycleItem(row))
    }
  }
  const items = [
    ...birthItems(record, life),
    ...life,
    ...expiryItems(record, nowMs),
    ...usageItems(activity),
    ...groups.items(),
  ]
  // The sort is stable: what bears the same time stays in the order of the log.
  items.sort((a, b) => a.atMs - b.atMs)
  return { record, items, activity, ...(await readFamily(gate.keys, record)) }
}

/** A key is older than its first row where old rows were let go of. */
function birthItems({ createdAtMs }: KeyRecord, life: readonly StoryItem[]): StoryItem[] {
  if (life.some(({ event }) => event === 'key.created')) return []
  const item = { atMs: createdAtMs, event: 'key.created', tone: 'good', what: 'created' } as const
  return [{ ...item, more: '; rows of that time were pruned', fields: {} }]
}

function expiryItems(record: KeyRecord, nowMs: number): StoryItem[] {
  const { expiresAtMs } = record
  if (expiresAtMs === null || keyStatusAt(record, nowMs) !== 'expired') return []
  const item = { atMs: expiresAtMs, event: 'key.expired', tone: 'bad', what: 'expired' } as const
  return [{ ...item, more: '', fields: {} }]
}

function usageItems(activity: KeyActivity | undefined): StoryItem[] {
  if (activity === undefined || activity.requests === 0) return []
  const { requests, firstUsedAtMs, lastUsedAtMs, networks } = activity
  const places = networks.map((one) => `${one.network} (${one.requests.toLocaleString('en-US')})`)
  const where = places.length === 0 ? '' : `, from ${listed(places, NETWORKS_SHOWN)}`
  const last: StoryItem = {
    ...{ atMs: lastUsedAtMs, event: 'key.last_used', tone: 'plain', what: 'used last' },
    more: `: ${counted(requests, 'request')} in all${where}`,
    fields: { requests },
  }
  if (firstUsedAtMs === lastUsedAtMs) return [{ ...last, what: 'used' }]
  const first = { atMs: firstUsedAtMs, event: 'key.first_used', tone: 'plain' } as const
  return [{ ...first, what: 'used', more: ' for the first time', fields: {} }, last]
}

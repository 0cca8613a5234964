/** How keys are used, between its table rows and its records. */
import type { ActivityDelta, KeyActivity } from '../../core/ports/activity.ts'
import type { KeyActivityTable, KeyHoursTable, KeyNetworksTable } from './tables.ts'

const HOUR_MS = 3_600_000
const NETWORKS_KEPT_MS = 30 * 24 * HOUR_MS
const HOURS_KEPT_MS = 8 * 24 * HOUR_MS

export interface ActivityRows {
  readonly keys: readonly KeyActivityTable[]
  readonly networks: readonly KeyNetworksTable[]
  readonly hours: readonly KeyHoursTable[]
}

/**
 * One row for each key, hour and network, because a statement cannot write a row twice. In one order
 * for all instances, or two that save at once could wait for each other.
 */
export function rowsFromDeltas(deltas: readonly ActivityDelta[]): ActivityRows {
  return {
    keys: merged(
      deltas.map(({ keyId, requests, lastUsedAtMs }) => usedOnce(keyId, requests, lastUsedAtMs)),
      ({ key_id }) => key_id,
    ),
    networks: merged(
      deltas.flatMap(({ keyId, networks }) =>
        networks.map(({ network, requests, lastUsedAtMs }) => ({
          ...usedOnce(keyId, requests, lastUsedAtMs),
          network,
        })),
      ),
      ({ key_id, network }) => JSON.stringify([key_id, network]),
    ),
    hours: mergedHours(deltas),
  }
}

/** From another store. */
export function rowsFromActivity(activity: readonly KeyActivity[]): ActivityRows {
  return {
    keys: activity.map((key) => ({ key_id: key.keyId, ...used(key) })),
    networks: activity.flatMap(({ keyId, networks }) =>
      networks.map((use) => ({ key_id: keyId, network: use.network, ...used(use) })),
    ),
    hours: activity.flatMap(({ keyId, hours }) =>
      hours.map(({ startMs, requests }) => ({ key_id: keyId, hour_start_ms: startMs, requests })),
    ),
  }
}

export function activityFromRows({ keys, networks, hours }: ActivityRows): KeyActivity[] {
  const networksByKey = Map.groupBy(networks, (row) => row.key_id)
  const hoursByKey = Map.groupBy(hours, (row) => row.key_id)
  return keys.map((row) => ({
    keyId: row.key_id,
    ...useFromRow(row),
    networks: (networksByKey.get(row.key_id) ?? []).map((use) => ({
      network: use.network,
      ...useFromRow(use),
    })),
    hours: (hoursByKey.get(row.key_id) ?? []).map((hour) => ({
      startMs: hour.hour_start_ms,
      requests: hour.requests,
    })),
  }))
}

/** What newer activity lets go of. Time comes with it. */
export function activityBefore(deltas: readonly ActivityDelta[]) {
  const newest = (timesMs: readonly number[]) => timesMs.reduce((a, b) => Math.max(a, b), 0)
  return {
    networks_before_ms: newest(deltas.map((delta) => delta.lastUsedAtMs)) - NETWORKS_KEPT_MS,
    hours_before_ms: newest(deltas.map((delta) => delta.hourStartMs)) - HOURS_KEPT_MS,
  }
}

const usedOnce = (keyId: string, requests: number, atMs: number) =>
  ({
    key_id: keyId,
    requests,
    first_used_at_ms: atMs,
    last_used_at_ms: atMs,
  }) satisfies KeyActivityTable

const used = (use: Pick<KeyActivity, 'requests' | 'firstUsedAtMs' | 'lastUsedAtMs'>) => ({
  requests: use.requests,
  first_used_at_ms: use.firstUsedAtMs,
  last_used_at_ms: use.lastUsedAtMs,
})

const useFromRow = (row: KeyActivityTable) => ({
  requests: row.requests,
  firstUsedAtMs: row.first_used_at_ms,
  lastUsedAtMs: row.last_used_at_ms,
})

function merged<Row extends KeyActivityTable>(
  rows: readonly Row[],
  nameOf: (row: Row) => string,
): Row[] {
  return sortedGroups(rows, nameOf).map(([first, all]) => ({
    ...first,
    requests: sumOf(all),
    first_used_at_ms: all.reduce((ms, row) => Math.min(ms, row.first_used_at_ms), Infinity),
    last_used_at_ms: all.reduce((ms, row) => Math.max(ms, row.last_used_at_ms), 0),
  }))
}

function mergedHours(deltas: readonly ActivityDelta[]): KeyHoursTable[] {
  const rows = deltas.map(({ keyId, hourStartMs, requests }) => ({
    ...{ key_id: keyId, hour_start_ms: hourStartMs, requests },
  }))
  const groups = sortedGroups(rows, (row) => JSON.stringify([row.key_id, row.hour_start_ms]))
  return groups.map(([first, all]) => ({ ...first, requests: sumOf(all) }))
}

const sumOf = (rows: readonly { readonly requests: number }[]): number =>
  rows.reduce((sum, row) => sum + row.requests, 0)

/** The rows of each name, with the first of them. */
function sortedGroups<Row>(
  rows: readonly Row[],
  nameOf: (row: Row) => string,
): (readonly [first: Row, all: readonly Row[]])[] {
  const groups = new Map<string, readonly [Row, Row[]]>()
  for (const row of rows) {
    const name = nameOf(row)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [row, [row]])
    else group[1].push(row)
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
}

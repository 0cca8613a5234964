/** How keys are used. Every method runs inside a transaction or read of its caller. */
import type { ActivityDelta, KeyActivity } from '../../core/ports/activity.ts'
import {
  activeKeys,
  activityOf,
  addActivity,
  addHours,
  addNetworks,
  hoursOf,
  networksOf,
  pruneHours,
  pruneNetworks,
  trimNetworks,
} from '../tables/activity-queries.ts'
import {
  type ActivityRows,
  activityBefore,
  activityFromRows,
  rowsFromActivity,
  rowsFromDeltas,
} from '../tables/activity-rows.ts'
import { param, paramsFor } from '../tables/parameters.ts'
import type { KeyActivityTable, KeyHoursTable, KeyNetworksTable } from '../tables/tables.ts'
import type { Connection } from './connection.ts'
import { sqlite } from './sql.ts'
import type { Statement } from './statement.ts'

const USE = paramsFor('key_id', 'requests', 'first_used_at_ms', 'last_used_at_ms')
const HOUR = paramsFor('key_id', 'hour_start_ms', 'requests')
const KEY_IDS = [param<string>('key_id')]

export class Activity {
  readonly #addKey: Statement<unknown>
  readonly #addNetwork: Statement<unknown>
  readonly #addHour: Statement<unknown>
  readonly #trim: Statement<unknown>
  readonly #pruneNetworks: Statement<unknown>
  readonly #pruneHours: Statement<unknown>
  readonly #key: Statement<KeyActivityTable>
  readonly #networks: Statement<KeyNetworksTable>
  readonly #hours: Statement<KeyHoursTable>
  readonly #active: Statement<{ key_id: string }>

  constructor(connection: Connection) {
    const network = { ...USE, ...paramsFor('network') }
    this.#addKey = connection.prepare(addActivity(sqlite, USE).compile())
    this.#addNetwork = connection.prepare(addNetworks(sqlite, network).compile())
    this.#addHour = connection.prepare(addHours(sqlite, HOUR).compile())
    this.#trim = connection.prepare(trimNetworks(sqlite).compile())
    this.#pruneNetworks = connection.prepare(pruneNetworks(sqlite).compile())
    this.#pruneHours = connection.prepare(pruneHours(sqlite).compile())
    this.#key = connection.prepare(activityOf(sqlite, KEY_IDS).compile())
    this.#networks = connection.prepare(networksOf(sqlite, KEY_IDS).compile())
    this.#hours = connection.prepare(hoursOf(sqlite, KEY_IDS).compile())
    this.#active = connection.prepare(activeKeys(sqlite).compile())
  }

  save(deltas: readonly ActivityDelta[]): void {
    if (deltas.length === 0) return
    const rows = rowsFromDeltas(deltas)
    this.#write(rows)
    const before = activityBefore(deltas)
    this.#pruneNetworks.run(before)
    this.#pruneHours.run(before)
    const keyIds = new Set(rows.networks.map((row) => row.key_id))
    for (const key_id of keyIds) this.#trim.run({ key_id })
  }

  /** As it was in another store. */
  add(activity: readonly KeyActivity[]): void {
    this.#write(rowsFromActivity(activity))
  }

  find(keyIds: readonly string[]): KeyActivity[] {
    return [...new Set(keyIds)].flatMap((key_id) => {
      const keys = this.#key.all({ key_id })
      if (keys.length === 0) return []
      const networks = this.#networks.all({ key_id })
      return activityFromRows({ keys, networks, hours: this.#hours.all({ key_id }) })
    })
  }

  listActive(sinceMs: number, after: string, pageSize: number): string[] {
    const rows = this.#active.all({ since_ms: sinceMs, after, page_size: pageSize })
    return rows.map((row) => row.key_id)
  }

  #write({ keys, networks, hours }: ActivityRows): void {
    for (const row of keys) this.#addKey.run({ ...row })
    for (const row of networks) this.#addNetwork.run({ ...row })
    for (const row of hours) this.#addHour.run({ ...row })
  }
}

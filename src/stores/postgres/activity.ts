/**
 * How keys are used. Every method runs in a session of its caller; those that change something, inside
 * a transaction. A save is a few statements, however many keys it is about.
 */
import type { ActivityDelta, KeyActivity } from '../../core/ports/activity.ts'
import {
  activeKeys,
  activityOf,
  addActivity,
  addHours,
  addNetworks,
  crowdedKeys,
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
import type { SqlBuilder } from '../tables/tables.ts'
import { groupsOf } from './groups.ts'
import type { Session } from './session.ts'

export class Activity {
  readonly #sql: SqlBuilder

  constructor(sql: SqlBuilder) {
    this.#sql = sql
  }

  async save(session: Session, deltas: readonly ActivityDelta[]): Promise<void> {
    if (deltas.length === 0) return
    const rows = rowsFromDeltas(deltas)
    await this.#write(session, rows)
    const before = activityBefore(deltas)
    await session.all(pruneNetworks(this.#sql), before)
    await session.all(pruneHours(this.#sql), before)
    for (const keyIds of groupsOf([...new Set(rows.networks.map((row) => row.key_id))])) {
      const crowded = await session.all(crowdedKeys(this.#sql, keyIds))
      for (const { key_id } of crowded) await session.all(trimNetworks(this.#sql), { key_id })
    }
  }

  /** As it was in another store. */
  async add(session: Session, activity: readonly KeyActivity[]): Promise<void> {
    await this.#write(session, rowsFromActivity(activity))
  }

  async find(session: Session, keyIds: readonly string[]): Promise<KeyActivity[]> {
    const found: KeyActivity[] = []
    for (const group of groupsOf([...new Set(keyIds)])) {
      const keys = await session.all(activityOf(this.#sql, group))
      const networks = await session.all(networksOf(this.#sql, group))
      const hours = await session.all(hoursOf(this.#sql, group))
      found.push(...activityFromRows({ keys, networks, hours }))
    }
    return found
  }

  async listActive(
    session: Session,
    sinceMs: number,
    after: string,
    pageSize: number,
  ): Promise<string[]> {
    const page = { since_ms: sinceMs, after, page_size: pageSize }
    return (await session.all(activeKeys(this.#sql), page)).map((row) => row.key_id)
  }

  async #write(session: Session, { keys, networks, hours }: ActivityRows): Promise<void> {
    for (const rows of groupsOf(keys)) await session.all(addActivity(this.#sql, rows))
    for (const rows of groupsOf(networks)) await session.all(addNetworks(this.#sql, rows))
    for (const rows of groupsOf(hours)) await session.all(addHours(this.#sql, rows))
  }
}

/** Lists keys. The owner of a `self` key is part of the query itself, whatever was asked for. */
import type { Identity } from '../../../core/decision.ts'
import type { KeyStatus } from '../../../core/key/key-record.ts'
import type { KeyQuery } from '../../../core/ports/store.ts'
import type { Gate } from '../../../engine/gate.ts'
import { badCursor, cursorOf, readCursor } from '../../contract/cursor.ts'
import { implement, type QueryOf } from '../../contract/endpoint.ts'
import type { AdminRoute } from '../../routes.ts'
import { usedKeyJson } from '../key-json.ts'
import { found, isAdmin, maySee } from '../visible-key.ts'
import { listKeys, USUAL_KEYS } from './contract.ts'

export const listKeysRoute = (gate: Gate): AdminRoute =>
  implement(listKeys, async ({ query, caller }) => {
    const { owner, limit = USUAL_KEYS } = query
    const after = query.cursor && (await readAfter(gate, caller, query.cursor))
    if (!isAdmin(caller) && owner !== undefined && owner.toLowerCase() !== caller.owner) {
      return { value: { data: [], next_cursor: null } }
    }
    const ownerEmail = isAdmin(caller) ? owner : caller.owner
    const records = await gate.keys.list({
      ...filterOf(query, Date.now()),
      ...(ownerEmail === undefined ? {} : { ownerEmail }),
      ...(after === undefined ? {} : { after }),
      pageSize: limit + 1,
    })
    const page = records.slice(0, limit)
    const activity = await gate.activityOf(page.map(({ keyId }) => keyId))
    const last = records.length > limit ? page.at(-1) : undefined
    return {
      value: {
        data: page.map((record) => usedKeyJson(record, activity.get(record.keyId))),
        next_cursor: last === undefined ? null : cursorOf('key', last.keyId),
      },
    }
  })

/** A cursor at another owner's key would tell when that was made, so it is none. */
async function readAfter(gate: Gate, caller: Identity, cursor: string): Promise<string> {
  const keyId = readCursor('key', cursor)
  const record = await found(gate, keyId)
  if (record === undefined || !maySee(caller, record)) throw badCursor()
  return keyId
}

function filterOf(query: QueryOf<typeof listKeys>, nowMs: number): Partial<KeyQuery> {
  const { tier, status, expires_before, unused_since, used_since } = query
  const expiresUntilMs = Math.min(
    ...(status === 'expired' ? [nowMs] : []),
    ...(expires_before === undefined ? [] : [Date.parse(expires_before) - 1]),
  )
  return {
    ...(tier === undefined ? {} : { tier }),
    ...(status === undefined ? {} : storedStatus(status, nowMs)),
    ...(Number.isFinite(expiresUntilMs) ? { expiresUntilMs } : {}),
    ...(unused_since === undefined ? {} : { unusedSinceMs: Date.parse(unused_since) }),
    ...(used_since === undefined ? {} : { usedSinceMs: Date.parse(used_since) }),
  }
}

/** `expired` is not stored: it is what becomes of active keys. */
function storedStatus(status: KeyStatus, nowMs: number): Partial<KeyQuery> {
  if (status === 'expired') return { status: 'active' }
  return status === 'active' ? { status, expiresAfterMs: nowMs } : { status }
}

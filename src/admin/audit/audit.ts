/** Reads the audit log for the operator, as one JSON object or as a row a line. */
import type { Gate } from '../../engine/gate.ts'
import { badCursor, cursorOf, readCursor } from '../contract/cursor.ts'
import { implement, type QueryOf } from '../contract/endpoint.ts'
import type { AdminAnswer, AdminRoute } from '../routes.ts'
import { auditRowJson } from './audit-json.ts'
import { readAudit, USUAL_ROWS } from './contract.ts'

type Query = QueryOf<typeof readAudit>

export const auditRoute = (gate: Gate): AdminRoute =>
  implement(readAudit, async ({ query, headers }) => {
    const { limit = USUAL_ROWS } = query
    const found = await gate.audit.read({ ...filterOf(query), pageSize: limit + 1 })
    const page = found.slice(0, limit)
    const last = found.length > limit ? page.at(-1) : undefined
    const next_cursor = last === undefined ? null : cursorOf('row', String(last.position))
    const data = page.map(({ row }) => auditRowJson(row))
    return wantsLines(headers.accept)
      ? linesAnswer(data, next_cursor, query)
      : { value: { data, next_cursor } }
  })

function filterOf({ key_id, event, since, until, actor, cursor }: Query) {
  return {
    ...(key_id === undefined ? {} : { keyId: key_id }),
    ...(event === undefined ? {} : { event }),
    ...(since === undefined ? {} : { sinceMs: Date.parse(since) }),
    ...(until === undefined ? {} : { untilMs: Date.parse(until) }),
    ...(actor === undefined ? {} : { actor }),
    afterPosition: cursor === undefined ? 0 : readPosition(cursor),
  }
}

function readPosition(cursor: string): number {
  const text = readCursor('row', cursor)
  const position = Number(text)
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(position)) return position
  throw badCursor()
}

/** JSON unless lines are asked for by name. */
const wantsLines = (accept = ''): boolean =>
  accept.split(',').some((range) => range.split(';', 1)[0]?.trim() === 'application/x-ndjson')

function linesAnswer(rows: readonly object[], next: string | null, query: Query): AdminAnswer {
  const body = rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  const answer = { status: 200, contentType: 'application/x-ndjson', body }
  if (next === null) return answer
  const asked = Object.entries(query).map(([name, value]) => [name, String(value)])
  const page = new URLSearchParams({ ...Object.fromEntries(asked), cursor: next })
  return { ...answer, headers: { Link: `</v1/audit?${page}>; rel="next"` } }
}

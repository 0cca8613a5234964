/** Cursors: what the next page begins after, in a form that nobody is tempted to take apart. */
import { invalidParameter } from './read-input.ts'

export const cursorOf = (kind: 'key' | 'row', after: string): string =>
  Buffer.from(`${kind}:${after}`).toString('base64url')

/** Throws LockgateError `invalid_parameter` for one that is not ours. */
export function readCursor(kind: 'key' | 'row', cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('latin1')
  const after = text.slice(kind.length + 1)
  if (text.startsWith(`${kind}:`) && cursorOf(kind, after) === cursor) return after
  throw badCursor()
}

export const badCursor = (): Error =>
  invalidParameter('The query parameter "cursor" is no next_cursor of this list; start without it.')

/**
 * The access log of Apache and nginx, common or combined:
 * `203.0.113.66 - ada [13/Jan/2026:03:14:00 +0000] "POST /v1/chat HTTP/1.1" 200 512 …`.
 */
import type { BadLine, LogEntry } from './log-entry.ts'

const LINE = /^(\S+) \S+ (.{1,256}?) \[([^\]]{1,64})\] "((?:[^"\\]|\\.)*)" (\d{3}|-)(?: |$)/
const TIME = /^(\d{2})\/(\w{3})\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})$/
const REQUEST = /^([A-Z]{1,32}) (\S+)(?: HTTP\/[\d.]+)?$/
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `keyField`: `user` or `address`; without it the user where one logged in, else the address. */
export function readCombinedLine(line: string, keyField: string | undefined): LogEntry | BadLine {
  const match = LINE.exec(line)
  if (match === null) return { problem: 'it is no line of the common or combined format' }
  const [, address = '', user = '', time = '', request = '', status = ''] = match
  const atMs = readCommonTime(time)
  if (atMs === undefined) return { problem: `its time "${time.slice(0, 40)}" cannot be read` }
  const named = user === '-' ? undefined : user
  const caller = keyField === 'address' ? address : named
  if (caller === undefined && keyField === 'user') return { problem: 'it names no user' }
  const [, method, path] = REQUEST.exec(request) ?? []
  return {
    ...{ atMs, caller: caller ?? address, address, method, path },
    status: status === '-' ? undefined : Number(status),
    ...{ model: undefined, inputTokens: undefined, outputTokens: undefined, tier: undefined },
  }
}

/** `13/Jan/2026:03:14:00 +0000` in ms since the epoch. */
export function readCommonTime(text: string): number | undefined {
  const [, day, month = '', year, clock, hours, minutes] = TIME.exec(text) ?? []
  const number = MONTHS.indexOf(month) + 1
  if (number === 0) return undefined
  const atMs = Date.parse(
    `${year}-${String(number).padStart(2, '0')}-${day}T${clock}${hours}:${minutes}`,
  )
  return Number.isNaN(atMs) ? undefined : atMs
}

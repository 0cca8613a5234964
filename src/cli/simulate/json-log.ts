/**
 * An access log of JSON lines: one object a line, with a time, with who called, and with what else the
 * log tells. Members are looked for by the names that common loggers and APIs give them.
 */
import { readCommonTime } from './combined-log.ts'
import type { BadLine, LogEntry } from './log-entry.ts'

const NAMES = {
  time: ['time', 'timestamp', '@timestamp', 'ts', 'date', 'time_local'],
  caller: ['key_id', 'key', 'api_key', 'user', 'owner', 'user_id', 'remote_user'],
  address: ['address', 'ip', 'remote_addr', 'remote_ip', 'client_ip', 'remoteAddress'],
  method: ['method', 'request_method', 'request.method', 'req.method'],
  path: ['path', 'uri', 'url', 'request_uri', 'request.uri', 'request.url', 'req.url'],
  status: ['status', 'status_code', 'statusCode', 'response.status', 'res.statusCode'],
  model: ['model', 'request.model', 'response.model'],
  inputTokens: [
    ...['input_tokens', 'prompt_tokens', 'tokens_in'],
    ...['usage.input_tokens', 'usage.prompt_tokens'],
  ],
  outputTokens: [
    ...['output_tokens', 'completion_tokens', 'tokens_out'],
    ...['usage.output_tokens', 'usage.completion_tokens'],
  ],
  tier: ['tier'],
} as const

/** Numbers of seconds and of ms since the epoch lie far apart. */
const LEAST_MS = 100_000_000_000

/** `keyField`: the member that says who called, such as `headers.x-user`. */
export function readJsonLine(line: string, keyField: string | undefined): LogEntry | BadLine {
  const entry = parsed(line)
  if (entry === undefined) return { problem: 'it is no JSON object' }
  const atMs = readTime(first(entry, NAMES.time))
  if (atMs === undefined) return { problem: 'it has no time that can be read' }
  const address = textOf(first(entry, NAMES.address))
  const named = first(entry, keyField === undefined ? NAMES.caller : [keyField])
  const caller = textOf(named) ?? (keyField === undefined ? address : undefined)
  if (caller === undefined) {
    return {
      problem: `it does not say who called${keyField === undefined ? '' : ` by ${keyField}`}`,
    }
  }
  return {
    ...{ atMs, caller, address },
    method: textOf(first(entry, NAMES.method)),
    path: textOf(first(entry, NAMES.path)),
    status: countOf(first(entry, NAMES.status)),
    model: textOf(first(entry, NAMES.model)),
    inputTokens: countOf(first(entry, NAMES.inputTokens)),
    outputTokens: countOf(first(entry, NAMES.outputTokens)),
    tier: textOf(first(entry, NAMES.tier)),
  }
}

function parsed(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The first of these members that is there. A name with dots is one member, or several inside each other. */
function first(entry: object, names: readonly string[]): unknown {
  for (const name of names) {
    const value = memberOf(entry, name) ?? memberAt(entry, name.split('.'))
    if (value !== undefined && value !== null && value !== '') return value
  }
  return undefined
}

function memberAt(entry: object, path: readonly string[]): unknown {
  let value: unknown = entry
  for (const name of path) value = isObject(value) ? memberOf(value, name) : undefined
  return value
}

const memberOf = (entry: object, name: string): unknown =>
  Object.hasOwn(entry, name) ? Reflect.get(entry, name) : undefined

function readTime(value: unknown): number | undefined {
  if (typeof value === 'number') {
    return inRange(Math.round(value < LEAST_MS ? value * 1000 : value))
  }
  if (typeof value !== 'string') return undefined
  if (/^\d{9,16}(\.\d+)?$/.test(value)) return readTime(Number(value))
  return readCommonTime(value) ?? inRange(Date.parse(value))
}

const inRange = (ms: number): number | undefined =>
  Number.isSafeInteger(ms) && ms >= 0 && ms < 8.64e15 ? ms : undefined

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : undefined
}

function countOf(value: unknown): number | undefined {
  const count = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined
}

/** Readers of what stands on the command line. Each throws a UsageError that says what is accepted. */
import { availableParallelism } from 'node:os'
import { parseDurationMs } from '../core/limits/limit-input.ts'
import { UsageError } from './failure.ts'
import { warn } from './output.ts'

const RFC_3339 =
  /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d))?$/
/** RFC 3339 has four digits for the year. */
const LAST_DATE_MS = Date.UTC(9999, 11, 31)
const MAX_WORKERS = 64
const FULL_KEY = /^[a-z][a-z0-9]{0,15}_(?:live|test)_([0-9A-Za-z]{8})_/

/** 0 to 65535; 0 picks a free port. */
export function readPort(text: string, option: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new UsageError(`${option} must be a port from 0 to 65535, not "${text}"`)
}

/** A whole number from 1 on. */
export function readCount(text: string, option: string): number {
  const count = Number(text)
  if (/^\d{1,15}$/.test(text) && count >= 1) return count
  throw new UsageError(`${option} must be a whole number of at least 1, not "${text}"`)
}

/** 1 to 64 processes, or as many as this machine runs at once. */
export function readWorkers(text: string): number {
  if (text === 'auto') return Math.min(availableParallelism(), MAX_WORKERS)
  const count = Number(text)
  if (/^\d{1,2}$/.test(text) && count >= 1 && count <= MAX_WORKERS) return count
  throw new UsageError(
    `--workers must be a number from 1 to ${MAX_WORKERS}, or auto, not "${text}"`,
  )
}

/** A whole number from 0 on. */
export function readNumber(text: string, option: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new UsageError(`${option} must be a whole number, not "${text}"`)
}

/** A duration such as `24h`, in ms. */
export function readDuration(text: string, option: string): number {
  try {
    return parseDurationMs(text)
  } catch {
    throw new UsageError(`${option} must be a duration such as 30m, 24h or 90d, not "${text}"`)
  }
}

/** `90d` counted from now on, or an RFC 3339 date, as wall time in ms. */
export function readFuture(text: string, option: string, nowMs: number): number {
  const atMs = readDate(text) ?? nowMs + readSpan(text, option)
  if (atMs <= LAST_DATE_MS) return atMs
  throw new UsageError(`${option} must be before the year 10000`)
}

/** `1h` counted back from now, or an RFC 3339 date, as wall time in ms. */
export function readPast(text: string, option: string, nowMs: number): number {
  return readDate(text) ?? nowMs - readSpan(text, option)
}

function readSpan(text: string, option: string): number {
  try {
    return parseDurationMs(text)
  } catch {
    throw new UsageError(
      `${option} must be a duration such as 1h or 90d, or a date such as 2030-01-31T12:00:00Z, not "${text}"`,
    )
  }
}

export const isDate = (text: string): boolean => readDate(text) !== undefined

/** A date alone is midnight UTC. Days that no calendar has are none. */
function readDate(text: string): number | undefined {
  const match = RFC_3339.exec(text)
  if (match === null) return undefined
  const [, year = '', month = '', day = ''] = match
  const midnight = new Date(`${year}-${month}-${day}T00:00:00Z`)
  const atMs = Date.parse(text)
  if (Number.isNaN(atMs) || midnight.getUTCDate() !== Number(day)) return undefined
  return atMs
}

/** `read,write` */
export function readScopes(text: string): string[] {
  const scopes = text.split(',').map((scope) => scope.trim())
  if (scopes.every((scope) => scope !== '')) return scopes
  throw new UsageError(`--scopes must be names separated by commas, such as read,write`)
}

/** What keys may begin with. */
export function readPrefix(text: string): string {
  if (/^[a-z][a-z0-9]{0,15}$/.test(text)) return text
  throw new UsageError(
    `--prefix must be 1 to 16 characters of a-z and 0-9, starting with a letter, not "${text}"`,
  )
}

/** A key_id. Of a full key, which is better not typed anywhere, its key_id is taken. */
export function readKeyId(text: string): string {
  if (/^[0-9A-Za-z]{8}$/.test(text)) return text
  const keyId = FULL_KEY.exec(text)?.[1]
  if (keyId === undefined) {
    throw new UsageError('KEY_ID must be 8 letters and digits; "lockgate keys list" shows them')
  }
  warn(
    `lockgate: warning: that was a full key, which your shell may remember; ${keyId}, its ID, is enough`,
  )
  return keyId
}

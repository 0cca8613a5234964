/** What went wrong with PostgreSQL, said so that an operator knows which server and what to do next. */
import { LockgateError } from '../../core/errors.ts'

/** By SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html, or its class. */
const ADVICE: Readonly<Record<string, string>> = {
  '25006': 'it is a read-only replica or a read-only transaction; name the primary server',
  '28': 'it refuses this user or password; check both in LOCKGATE_DATABASE_URL',
  '3D000': 'there is no such database; create it, or name another one',
  '42501': 'this user lacks a right; grant what STORAGE.md lists under "Rights"',
  '53100': 'its disk is full; free some space and try again',
  '53300': 'it has too many connections; raise its max_connections or run fewer instances',
  '55P03': 'another session holds a lock; end that session or its transaction, try again',
  '57014': 'a statement took too long; look for what holds locks or loads the server, try again',
  '57P': 'it is starting, stopping or was stopped; try again when it is up',
  '25P03': 'this process was too slow within a transaction; look for what blocks it, try again',
  '08': 'the connection was lost; check the server and the network, try again',
}

/** Codes of Node and of the driver for a server that cannot be reached. */
const NETWORK: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host; check the name in LOCKGATE_DATABASE_URL',
  EAI_AGAIN: 'its name cannot be resolved right now; check DNS, try again',
}
const UNREACHABLE =
  'it cannot be reached; check that PostgreSQL runs there, and host and port in LOCKGATE_DATABASE_URL'

/** Another transaction was in the way; the same attempt may succeed now. */
const COLLIDED: ReadonlySet<string> = new Set(['40001', '40P01'])

/** The answer did not come in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
  constructor(deadlineMs: number) {
    super(`no answer within ${deadlineMs} ms`)
  }
}

/** The connection broke, or none could be made. `cause` is what the driver said. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError'
  constructor(cause: unknown) {
    super(messageOf(cause), { cause })
  }
}

function textOf(error: unknown, member: 'code' | 'severity'): string | undefined {
  if (!(error instanceof Error) || !(member in error)) return undefined
  const value: unknown = Reflect.get(error, member)
  return typeof value === 'string' ? value : undefined
}

/** The server refused one statement, and the connection goes on. */
export function isStatementError(error: unknown): boolean {
  return textOf(error, 'severity') === 'ERROR'
}

export function hasCollided(error: unknown): boolean {
  return isStatementError(error) && COLLIDED.has(textOf(error, 'code') ?? '')
}

/** The server has a row of this name already. */
export function isDuplicate(error: unknown): boolean {
  return isStatementError(error) && textOf(error, 'code') === '23505'
}

/** The error that a caller of the store gets when nothing was changed. */
export function storeError(error: unknown, place: string): LockgateError {
  if (error instanceof LockgateError) return error
  return unavailable(place, adviceFor(error), error)
}

export function unavailable(place: string, advice: string, cause?: unknown): LockgateError {
  const message = `database ${place}: ${advice}; nothing was changed`
  return new LockgateError('store_unavailable', message, { cause })
}

export const closedError = (place: string): LockgateError =>
  unavailable(place, 'this store is closed; open it again')

/** Neither the answer to COMMIT came, nor that to the question whether it took place. */
export function uncertain(place: string, cause: unknown): LockgateError {
  const message = `database ${place}: ${adviceFor(cause)}; the connection was lost while a change was committed, so it may or may not have happened: look at "lockgate audit list" before you repeat it`
  return new LockgateError('store_unavailable', message, { cause })
}

/** No answer came to a statement that may have arrived; it is harmless if it did. */
export function unanswered(place: string, cause: unknown): LockgateError {
  const message = `database ${place}: ${adviceFor(cause)}; what was asked for may or may not have happened`
  return new LockgateError('store_unavailable', message, { cause })
}

function adviceFor(error: unknown): string {
  if (error instanceof ConnectionLostError) return adviceFor(error.cause)
  const code = textOf(error, 'code') ?? ''
  if (textOf(error, 'severity') !== undefined) {
    const known = ADVICE[code] ?? ADVICE[code.slice(0, 3)] ?? ADVICE[code.slice(0, 2)]
    return known ?? `it failed with ${code} "${messageOf(error)}"`
  }
  if (error instanceof DeadlineError) {
    return `${error.message}; check the server, its load and the size of the pool, try again`
  }
  if (code.startsWith('E')) return NETWORK[code] ?? `${UNREACHABLE} (${code})`
  return `it failed with "${messageOf(error)}"; check that PostgreSQL runs there, try again`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

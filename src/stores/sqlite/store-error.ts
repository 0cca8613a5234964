/** What went wrong in SQLite, said so that an operator knows which file and what to do next. */
import { LockgateError } from '../../core/errors.ts'

/** Primary result codes, https://www.sqlite.org/rescode.html */
const BUSY = 5
const LOCKED = 6

const ADVICE: Readonly<Record<number, string>> = {
  [BUSY]: 'another process holds its write lock; end that process or its transaction, try again',
  [LOCKED]: 'another process holds its write lock; end that process or its transaction, try again',
  8: 'it cannot be written; make the file and its folder writable for this user',
  10: 'the disk reported an error; check the disk and its file system',
  11: 'it is damaged; stop all processes that use it and restore a backup',
  13: 'the disk is full; free some space and try again',
  14: 'it cannot be opened; check that its folder exists and that this user may write there',
  23: 'the operating system denied access; check the rights of the file and its folder',
  26: 'it is not an SQLite database; name another file',
}

/** The primary code of an error of `node:sqlite`. */
function resultCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode & 0xff : undefined
}

/** Another connection is writing: the same attempt may succeed in a moment. */
export function isBusy(error: unknown): boolean {
  const code = resultCodeOf(error)
  return code === BUSY || code === LOCKED
}

/** The error that a caller of the store gets; a LockgateError passes as it is. */
export function storeError(error: unknown, path: string): LockgateError {
  if (error instanceof LockgateError) return error
  const code = resultCodeOf(error)
  const reason = error instanceof Error ? error.message : String(error)
  const advice = (code === undefined ? undefined : ADVICE[code]) ?? `it failed with "${reason}"`
  return unavailable(path, advice, error)
}

export function unavailable(path: string, advice: string, cause?: unknown): LockgateError {
  const message = `database ${path}: ${advice}; nothing was changed`
  return new LockgateError('store_unavailable', message, { cause })
}

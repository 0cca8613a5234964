/** Nothing that a start waits for may hold it up for long: it is there in time, or refused. */
import { type ErrorCode, LockgateError } from '../core/errors.ts'

/** Of the database and of Redis, one after the other: a start is decided within ten seconds. */
export const START_TIMEOUT_MS = 4_500

/**
 * What `opening` gives, if it comes within `timeoutMs`; else rejects with `code`. What comes too late
 * is closed.
 */
export async function openWithin<T extends { close(): unknown }>(
  timeoutMs: number,
  opening: Promise<T>,
  code: ErrorCode,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  let isLate = false
  opening.then(
    (opened) => isLate && opened.close(),
    () => undefined,
  )
  const tooSlow = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      isLate = true
      reject(new LockgateError(code, `no answer within ${timeoutMs} ms`))
    }, timeoutMs)
  })
  try {
    return await Promise.race([opening, tooSlow])
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Request ids: `req_`, 8 random base62 characters of this sequence, and a counter in base 36. Unique
 * within a process by the counter and between processes by 47 random bits; about 0.1 µs each.
 */
import { randomId } from '../core/crypto.ts'

export function createRequestIds(): () => string {
  const prefix = `req_${randomId(8)}`
  let count = 0
  return function nextRequestId() {
    count++
    return prefix + count.toString(36)
  }
}

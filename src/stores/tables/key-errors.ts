/** What both stores say about a key that is not as a caller thinks. */
import { LockgateError } from '../../core/errors.ts'

export const keyTaken = (keyId: string): LockgateError =>
  new LockgateError('conflict', `there is a key ${keyId} already`)

export const noSuchKey = (keyId: string): LockgateError =>
  new LockgateError('not_found', `there is no key ${keyId}`)

export const unknownCursor = (): LockgateError =>
  new LockgateError('invalid_parameter', 'the cursor is not the key_id of a known key')

/** Throws `conflict` when there is one: a key is rotated once. */
export function refuseSuccessor(keyId: string, successor: { readonly key_id: string } | undefined) {
  if (successor === undefined) return
  const { key_id: next } = successor
  throw new LockgateError(
    'conflict',
    `key ${keyId} was rotated to ${next}; its text was shown then. If it is lost, rotate ${next}`,
  )
}

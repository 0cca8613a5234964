/** What both stores say about a key that is not as a caller thinks. */
import { LockgateError } from '../../core/errors.ts'

export const keyTaken = (keyId: string): LockgateError =>
  new LockgateError('conflict', `there is a key ${keyId} already`)

export const noSuchKey = (keyId: string): LockgateError =>
  new LockgateError('not_found', `there is no key ${keyId}`)

export const unknownCursor = (): LockgateError =>
  new LockgateError('invalid_parameter', 'the cursor is not the key_id of a known key')

/**
 * The body of a report: what GitHub found, one object for each place. Read only after its signature
 * was verified. Members that are not needed are read leniently: a report that is refused over its URL
 * would leave a leaked key working.
 */
import { LockgateError } from '../../../core/errors.ts'

import { MATCHES, MAX_MATCHES, type Match } from './contract.ts'

/** Throws `invalid_json` or `invalid_field`. */
export function readMatches(body: Buffer): readonly Match[] {
  const read = MATCHES.safeParse(parseJson(body))
  if (read.success) return read.data
  const [issue] = read.error.issues
  const path = issue?.path.join('.') ?? ''
  throw new LockgateError(
    'invalid_field',
    `The body must be an array of at most ${MAX_MATCHES} objects with token and type${path && `; look at ${path}`}.`,
  )
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw new LockgateError('invalid_json')
  }
}

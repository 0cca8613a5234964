/**
 * Transfer codings: `chunked` alone is supported (RFC 9112 section 6.1). Anything else that is well
 * formed is a coding that we do not have; a doubled `chunked` makes the length ambiguous.
 */
import type { ErrorCode } from '../../core/errors.ts'

/** The refusal that a Transfer-Encoding value deserves; undefined for `chunked`. */
export function readTransferCoding(value: string): ErrorCode | undefined {
  const lower = value.toLowerCase()
  if (lower === 'chunked') return undefined
  const codings = lower.split(',')
  let chunked = 0
  for (const coding of codings) if (coding.trim() === 'chunked') chunked++
  if (chunked > 1) return 'bad_framing'
  return chunked === codings.length ? 'bad_framing' : 'unsupported_transfer_coding'
}

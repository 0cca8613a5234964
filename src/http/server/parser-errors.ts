/**
 * What node's parser refuses, as codes of our catalogue. Pure: an error and the bytes around it in,
 * a code out; undefined where there is nobody to answer.
 */
import type { ErrorCode } from '../../core/errors.ts'
import { MAX_TARGET_BYTES } from './target.ts'

/** The fields of node's parser errors that are looked at. */
export interface ParserError {
  readonly code?: string
  readonly reason?: string
  /** Where in `rawPacket` the parser stopped. */
  readonly bytesParsed?: number
  /** The bytes that were being parsed: the last chunk only. */
  readonly rawPacket?: Buffer
}

const LF = 0x0a
const CR = 0x0d
const BACKSLASH = 0x5c

const FRAMING: ReadonlySet<string> = new Set([
  'HPE_UNEXPECTED_CONTENT_LENGTH',
  'HPE_INVALID_CONTENT_LENGTH',
  'HPE_INVALID_TRANSFER_ENCODING',
  'HPE_INVALID_CHUNK_SIZE',
  'HPE_CHUNK_EXTENSIONS_OVERFLOW',
  'HPE_STRICT',
  'HPE_LF_EXPECTED',
  'HPE_CR_EXPECTED',
  'HPE_UNEXPECTED_SPACE',
])

/** Connection is gone, or ended in the middle of a request: no one to answer. */
const SILENT: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'HPE_INVALID_EOF_STATE',
  'ERR_STREAM_WRITE_AFTER_END',
])

export function codeOf(error: ParserError): ErrorCode | undefined {
  const code = error.code ?? ''
  if (SILENT.has(code)) return undefined
  if (FRAMING.has(code)) return 'bad_framing'
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'request_timeout'
    case 'HPE_HEADER_OVERFLOW':
      return overflowOf(error)
    case 'HPE_INVALID_HEADER_TOKEN':
      return isAtWhitespace(error) || isAfterBareLf(error) ? 'bad_framing' : 'bad_request'
    case 'HPE_INVALID_VERSION':
      return isAfterBareLf(error) ? 'bad_framing' : 'bad_request'
    case 'HPE_INVALID_URL':
      return byteAt(error, 0) === BACKSLASH ? 'bad_target' : 'bad_request'
    default:
      return 'bad_request'
  }
}

/** Folded lines, space before a colon, bare line breaks: what splits one request into two. */
function isAtWhitespace(error: ParserError): boolean {
  const at = byteAt(error, 0)
  return isBlank(at) || at === CR || at === LF || isBlank(byteAt(error, -1))
}

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09

function isAfterBareLf(error: ParserError): boolean {
  return byteAt(error, -1) === LF && byteAt(error, -2) !== CR
}

function byteAt({ rawPacket, bytesParsed = 0 }: ParserError, offset: number): number | undefined {
  return rawPacket?.[bytesParsed + offset]
}

/**
 * The parser stops at one size for target and headers together. If its first line is not over
 * within the limit of a target, the target is what is too long. Where the chunk at hand begins in
 * the middle of something, that something is a target if no blank or line break interrupts it.
 */
function overflowOf({ rawPacket }: ParserError): ErrorCode {
  if (rawPacket === undefined) return 'headers_too_large'
  const text = rawPacket.toString('latin1', 0, MAX_TARGET_BYTES * 2)
  const line = text.search(/[\r\n]/)
  const first = line === -1 ? text : text.slice(0, line)
  const startsRequest = /^[A-Z-]{3,20} \S/.test(first)
  if (startsRequest) return first.length > MAX_TARGET_BYTES ? 'uri_too_long' : 'headers_too_large'
  return line === -1 && !first.includes(' ') ? 'uri_too_long' : 'headers_too_large'
}

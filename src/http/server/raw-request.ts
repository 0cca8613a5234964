/**
 * The strict gate: looks at a request exactly as the parser saw it, before anything is trusted, and
 * says which refusal it deserves, if any. Pure and total; linear in the size of the headers.
 *
 * node:http is no safe edge by itself: it answers 200 to two Host lines, to HTTP/1.0 with
 * Transfer-Encoding and to `gzip, chunked`. What its parser refuses arrives in parser-errors.ts.
 */
import type { ErrorCode } from '../../core/errors.ts'
import { readTransferCoding } from './framing.ts'
import { isValidHost } from './host.ts'
import { readTarget, type Target } from './target.ts'

export const MAX_HEADER_LINES = 100
export const MAX_HEADER_BYTES = 16_384

/** `: ` and CRLF. */
const LINE_OVERHEAD_BYTES = 4

/** What the gate reads; node's IncomingMessage has these members. */
export interface ParsedRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly httpVersionMajor: number
  readonly httpVersionMinor: number
  readonly rawHeaders: readonly string[]
}

/** A request that may be looked at further. */
export interface SoundRequest {
  readonly ok: true
  readonly method: string
  readonly target: Extract<Target, { ok: true }>
  readonly host: string
  /** Bytes of the body; 0 without one, -1 where it is chunked. */
  readonly bodyBytes: number
  /** The value of Connection, lower case, for the names that it lists; usually undefined. */
  readonly connection: string | undefined
}

export type Verdict = SoundRequest | { readonly ok: false; readonly code: ErrorCode }

/** Decides on a parsed request. `maxBodyBytes` is compared with a declared length at once. */
export function inspect(request: ParsedRequest, maxBodyBytes: number): Verdict {
  const { method = '', url = '', rawHeaders } = request
  if (request.httpVersionMajor !== 1) return refuse('bad_request')
  if (method === 'CONNECT') return refuse('unsupported_method')
  if (rawHeaders.length > 2 * MAX_HEADER_LINES) return refuse('headers_too_large')

  let bytes = 0
  let hosts = 0
  let lengths = 0
  let codings = 0
  let host = ''
  let length = ''
  let coding = ''
  let expectation: string | undefined
  let connection: string | undefined
  let upgrade = false
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    const value = rawHeaders[i + 1] ?? ''
    bytes += name.length + value.length + LINE_OVERHEAD_BYTES
    switch (name.length) {
      case 4:
        if (named(name, 'host') && ++hosts > 0) host = value
        break
      case 6:
        if (named(name, 'expect')) expectation = value
        break
      case 7:
        if (named(name, 'upgrade')) upgrade = true
        break
      case 10:
        if (named(name, 'connection')) connection = joined(connection, value)
        break
      case 14:
        if (named(name, 'content-length') && ++lengths > 0) length = value
        break
      case 17:
        if (named(name, 'transfer-encoding') && ++codings > 0) coding = value
        break
    }
  }

  if (bytes > MAX_HEADER_BYTES) return refuse('headers_too_large')
  if (lengths + codings > 1) return refuse('bad_framing')
  if (codings === 1) {
    if (request.httpVersionMinor === 0) return refuse('bad_framing')
    const problem = readTransferCoding(coding)
    if (problem !== undefined) return refuse(problem)
  }
  const bodyBytes = codings === 1 ? -1 : lengths === 1 ? readLength(length) : 0
  if (Number.isNaN(bodyBytes)) return refuse('bad_framing')
  if (hosts !== 1 || !isValidHost(host)) return refuse('bad_host')
  const target = readTarget(url, host)
  if (!target.ok) return target
  if (upgrade) return refuse('upgrade_unsupported')
  if (method === 'TRACE') return refuse('method_not_allowed')
  if (expectation !== undefined && expectation.toLowerCase() !== '100-continue') {
    return refuse('expectation_failed')
  }
  if (bodyBytes > maxBodyBytes) return refuse('body_too_large')
  return { ok: true, method, target, host, bodyBytes, connection }
}

const refuse = (code: ErrorCode): Verdict => ({ ok: false, code })

function named(name: string, lower: string): boolean {
  return name === lower || name.toLowerCase() === lower
}

function joined(before: string | undefined, value: string): string {
  const lower = value.toLowerCase()
  return before === undefined ? lower : `${before},${lower}`
}

/** Digits only, nothing around them; NaN for anything else. Beyond 2^53 it is too large anyway. */
function readLength(value: string): number {
  if (value.length === 0) return Number.NaN
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i)
    if (c < 0x30 || c > 0x39) return Number.NaN
  }
  return Number(value)
}

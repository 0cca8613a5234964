/**
 * The request target, strictly: origin form, or absolute form that names the request's own Host.
 *
 * One pass over the path, no regular expressions, total over every string. Refused are the shapes on
 * which servers disagree about what they mean: an empty segment (`//`), a backslash, a dot segment
 * (literal, `%2e`, or mixed), a fragment, a broken percent triplet. An encoded slash or backslash
 * may be data, but counts as a separator where it would complete a dot segment (`..%2f`).
 */
import type { ErrorCode } from '../../core/errors.ts'

export const MAX_TARGET_BYTES = 8192

export type Target =
  | {
      readonly ok: true
      /** From the first `/`, exactly as sent, query included. */
      readonly pathAndQuery: string
      /** Index of `?` in `pathAndQuery`, or its length. */
      readonly pathEnd: number
      /** True where the path holds a percent triplet. */
      readonly encoded: boolean
    }
  | { readonly ok: false; readonly code: ErrorCode }

const TOO_LONG: Target = Object.freeze({ ok: false, code: 'uri_too_long' })
const BAD_REQUEST: Target = Object.freeze({ ok: false, code: 'bad_request' })
const BAD_TARGET: Target = Object.freeze({ ok: false, code: 'bad_target' })

const SLASH = 0x2f
const BACKSLASH = 0x5c
const DOT = 0x2e
const PERCENT = 0x25

/** Reads a target as it was sent. `host` is the request's Host value, already found valid. */
export function readTarget(raw: string, host: string): Target {
  if (raw.length > MAX_TARGET_BYTES) return TOO_LONG
  const target = raw.charCodeAt(0) === SLASH ? raw : ownAbsoluteForm(raw, host)
  if (target === undefined) return hasOnlyVisible(raw) ? BAD_TARGET : BAD_REQUEST

  let pathEnd = -1
  let encoded = false
  for (let i = 0; i < target.length; i++) {
    const c = target.charCodeAt(i)
    if (c < 0x21 || c > 0x7e) return BAD_REQUEST
    if (c === 0x23) return BAD_TARGET
    if (pathEnd !== -1) continue
    if (c === 0x3f) pathEnd = i
    else if (c === PERCENT) encoded = true
    else if (c === BACKSLASH) return BAD_TARGET
    else if (c === SLASH && target.charCodeAt(i + 1) === SLASH) return BAD_TARGET
  }
  if (pathEnd === -1) pathEnd = target.length
  if (!segmentsAreSafe(target, pathEnd, encoded)) return BAD_TARGET
  return { ok: true, pathAndQuery: target, pathEnd, encoded }
}

/** `http://HOST/x` becomes `/x` when HOST is the request's own; undefined for anything else. */
function ownAbsoluteForm(raw: string, host: string): string | undefined {
  const scheme = raw.slice(0, 8).toLowerCase()
  const start = scheme === 'https://' ? 8 : scheme.startsWith('http://') ? 7 : 0
  if (start === 0) return undefined
  const end = start + host.length
  if (raw.slice(start, end).toLowerCase() !== host.toLowerCase()) return undefined
  const next = raw.charCodeAt(end)
  if (next === SLASH) return raw.slice(end)
  return end === raw.length || next === 0x3f ? `/${raw.slice(end)}` : undefined
}

function hasOnlyVisible(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c < 0x21 || c > 0x7e) return false
  }
  return true
}

/** No segment of the path is `.` or `..`, however it is spelt, and every triplet is complete. */
function segmentsAreSafe(target: string, pathEnd: number, encoded: boolean): boolean {
  let dots = 0
  let others = 0
  for (let i = 1; i <= pathEnd; i++) {
    let c = i === pathEnd ? SLASH : target.charCodeAt(i)
    if (c === PERCENT && encoded) {
      c = i + 2 < pathEnd ? hexPair(target.charCodeAt(i + 1), target.charCodeAt(i + 2)) : -1
      if (c <= 0) return false
      i += 2
    }
    if (c === SLASH || c === BACKSLASH) {
      if (others === 0 && (dots === 1 || dots === 2)) return false
      dots = 0
      others = 0
    } else if (c === DOT) dots++
    else others++
  }
  return true
}

/** The value of two hexadecimal digits; -1 when either is none. */
function hexPair(high: number, low: number): number {
  const h = hexDigit(high)
  const l = hexDigit(low)
  return h === -1 || l === -1 ? -1 : h * 16 + l
}

function hexDigit(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30
  const lower = c | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/**
 * The path as most servers will understand it, for matching routes: triplets of ASCII decoded, so
 * that `/%61dmin` is matched by a route for `/admin`. Never sent anywhere.
 */
export function routingPath(target: Extract<Target, { ok: true }>): string {
  const path = target.pathAndQuery.slice(0, target.pathEnd)
  if (!target.encoded) return path
  let decoded = ''
  for (let i = 0; i < path.length; i++) {
    const c = path.charCodeAt(i)
    const value = c === PERCENT ? hexPair(path.charCodeAt(i + 1), path.charCodeAt(i + 2)) : -1
    if (value >= 0 && value < 0x80) {
      decoded += String.fromCharCode(value)
      i += 2
    } else decoded += path[i]
  }
  return decoded
}

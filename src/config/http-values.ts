/** What the gateway's configuration may say about HTTP: upstreams, paths, methods, headers. */
import { METHODS } from 'node:http'

const HOP_BY_HOP_HEADERS = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]
/** Made by the gateway itself; a configured one would contradict it. */
const OWN_HEADERS = ['host', 'content-length', 'expect', ...HOP_BY_HOP_HEADERS]

/** Completes "must be …". */
export const UPSTREAM_RULE =
  'an http:// or https:// origin with an optional base path, without credentials, query or fragment'

/**
 * The upstream as the gateway uses it: an http(s) origin with an optional base path and no slash at
 * the end. Undefined for anything else: credentials, a query, dot segments, another scheme.
 */
export function readUpstream(input: unknown): string | undefined {
  if (typeof input !== 'string') return undefined
  if (!/^https?:\/\/[^\s/?#@\\]+(\/[^\s?#\\]*)?$/i.test(input)) return undefined
  if (!URL.canParse(input)) return undefined
  const { origin, pathname, port } = new URL(input)
  const [, path = ''] = /^https?:\/\/[^/]+(.*)$/i.exec(input) ?? []
  if (port === '0' || (path !== '' && path !== pathname)) return undefined
  const base = trimSlash(pathname)
  return isPlainPath(base === '' ? '/' : base) ? `${origin}${base}` : undefined
}

/** An absolute path of plain segments: no empty ones, no dots, no escapes, no query. */
export function isPlainPath(input: unknown): boolean {
  if (typeof input !== 'string' || !/^\/[\w\-.~!$&'()*+,;=:@/]*$/.test(input)) return false
  const segments = trimSlash(input).split('/').slice(1)
  return segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..')
}

/** Without the slash at its end; the root becomes the empty text. */
export function trimSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path
}

/** Methods that the gateway forwards. */
export function isForwardedMethod(input: unknown): boolean {
  if (typeof input !== 'string' || input === 'CONNECT' || input === 'TRACE') return false
  return METHODS.includes(input)
}

/** Why the gateway may not set this header; undefined when it may. */
export function headerNameProblem(name: string): string | undefined {
  if (!/^[A-Za-z0-9!#$%&'*+.^`|~-]+$/.test(name)) {
    return 'is not a header name; use letters, digits and hyphens'
  }
  const lower = name.toLowerCase()
  if (OWN_HEADERS.includes(lower)) return 'is set by the gateway itself; leave it out'
  if (lower.startsWith('x-lockgate-')) return 'is reserved for what the gateway says; rename it'
  return undefined
}

/** Visible characters, with spaces and tabs only between them. */
export function isHeaderValue(input: unknown): boolean {
  return typeof input === 'string' && /^[\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?$/.test(input)
}

/** What an SDK hands to `fetch`, as far as metering has to know it. */

export interface OutgoingRequest {
  /** Upper case. */
  readonly method: string
  /** Decoded, without the query. */
  readonly path: string
  /** null where it is none, or none that can be read before it is sent. */
  readonly body: Uint8Array<ArrayBuffer> | null
  readonly isAnthropic: boolean
}

export function readOutgoing(input: string | URL | Request, init: RequestInit): OutgoingRequest {
  const isRequest = typeof input !== 'string' && 'url' in input
  const { pathname } = new URL(isRequest ? input.url : input)
  const headers = new Headers(init.headers ?? (isRequest ? input.headers : undefined))
  const method = init.method ?? (isRequest ? input.method : 'GET')
  return {
    method: method.toUpperCase(),
    path: decoded(pathname),
    body: bytesOf(init.body),
    isAnthropic: headers.has('anthropic-version'),
  }
}

function bytesOf(body: RequestInit['body']): OutgoingRequest['body'] {
  if (typeof body === 'string') return new TextEncoder().encode(body)
  if (body instanceof ArrayBuffer) return new Uint8Array(body)
  if (body instanceof Uint8Array) return new Uint8Array(body)
  return null
}

function decoded(pathname: string): string {
  try {
    return decodeURIComponent(pathname)
  } catch {
    return pathname
  }
}

/** The same request with another body. */
export function withBody(init: RequestInit, body: Uint8Array): RequestInit {
  const headers = new Headers(init.headers)
  headers.delete('content-length')
  return { ...init, headers, body: new Uint8Array(body) }
}

const NEVER_CONNECTED: ReadonlySet<unknown> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'],
  ...['UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ...[
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ],
])
const MAX_CAUSES = 4

/** Whether a failed fetch cannot have reached the API. In doubt it has. */
export function neverConnected(error: unknown): boolean {
  let cause = error
  for (let depth = 0; depth < MAX_CAUSES && cause instanceof Error; depth++) {
    if (cause instanceof AggregateError && cause.errors.length > 0) {
      return cause.errors.every(neverConnected)
    }
    if ('code' in cause && NEVER_CONNECTED.has(cause.code)) return true
    cause = cause.cause
  }
  return false
}

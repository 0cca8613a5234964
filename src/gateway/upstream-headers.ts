/**
 * The headers of an upstream request: the client's, minus what is not the upstream's business, plus
 * ours. One pass over the raw list, in its order, duplicates kept. Ours come last and nothing that
 * the client sends can remove, repeat or imitate them.
 */
import type { Identity } from '../core/decision.ts'
import { identityHeaders } from '../http/identity-headers.ts'
import type { Peer } from '../http/server/peers.ts'
import { HOP_BY_HOP } from './hop-by-hop.ts'

/** Never passed on: hop-by-hop, set by us, or the client's credential. Lower case. */
const DROPPED: readonly string[] = [
  ...HOP_BY_HOP,
  'expect',
  'host',
  'authorization',
  'x-api-key',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
]

/** Headers that APIs take a credential in: `Api-Key`, `X-Goog-Api-Key`, `Private-Token` … */
const CREDENTIAL = /^(?:authorization|cookie)$|(?:^|-)(?:apikey|key|secret|token)$/

export interface HeaderInput {
  readonly rawHeaders: readonly string[]
  /** Value of Connection, lower case; its names are dropped. */
  readonly connection: string | undefined
  readonly peer: Peer
  /** The client's Host, valid. */
  readonly clientHost: string
  readonly upstreamHost: string
  readonly identity: Identity
  readonly requestId: string
  /** The length of a body that is not sent as it arrives. */
  readonly bodyBytes?: number | undefined
  /** The answer is read on its way, and must not be compressed. */
  readonly isAnswerRead?: boolean | undefined
}

export class UpstreamHeaders {
  readonly #dropped: ReadonlySet<string>
  readonly #configured: readonly string[]
  readonly #identities = new WeakMap<Identity, readonly string[]>()
  /** True where the gateway itself authenticates to the upstream. */
  readonly suppliesCredential: boolean

  /** `configured`: set on every request, last; lower-case names. */
  constructor(configured: Readonly<Record<string, string>>) {
    const entries = Object.entries(configured).map(([name, value]) => [name.toLowerCase(), value])
    const names = entries.map(([name]) => name ?? '')
    this.#configured = entries.flat()
    this.#dropped = new Set([...DROPPED, ...names])
    this.suppliesCredential = names.some((name) => CREDENTIAL.test(name))
  }

  /** A flat list of names and values. */
  build(input: HeaderInput): string[] {
    const { rawHeaders, connection, peer, bodyBytes, isAnswerRead = false } = input
    const headers: string[] = []
    const listed = connection === undefined ? undefined : namesIn(connection)
    let forwardedFor = ''
    let forwardedProto = 'http'
    let forwardedHost = input.clientHost
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i] ?? ''
      const value = rawHeaders[i + 1] ?? ''
      const lower = name.toLowerCase()
      if (this.#dropped.has(lower)) {
        if (!peer.trusted) continue
        if (lower === 'x-forwarded-for') forwardedFor += `${value}, `
        else if (lower === 'x-forwarded-proto') forwardedProto = value
        else if (lower === 'x-forwarded-host') forwardedHost = value
        continue
      }
      if (bodyBytes !== undefined && lower === 'content-length') continue
      if (isAnswerRead && lower === 'accept-encoding') continue
      if (isOurs(lower) || listed?.has(lower) === true) continue
      headers.push(name, value)
    }
    headers.push(
      'host',
      input.upstreamHost,
      'x-forwarded-for',
      forwardedFor + peer.address,
      'x-forwarded-proto',
      forwardedProto,
      'x-forwarded-host',
      forwardedHost,
      'x-lockgate-request-id',
      input.requestId,
    )
    if (bodyBytes !== undefined) headers.push('content-length', String(bodyBytes))
    if (isAnswerRead) headers.push('accept-encoding', 'identity')
    for (const part of this.#identityOf(input.identity)) headers.push(part)
    for (const part of this.#configured) headers.push(part)
    return headers
  }

  #identityOf(identity: Identity): readonly string[] {
    const known = this.#identities.get(identity)
    if (known !== undefined) return known
    const made: readonly string[] = Object.freeze(identityHeaders(identity).flat())
    this.#identities.set(identity, made)
    return made
  }
}

/**
 * Reserved names: `X-Lockgate-*`, `Proxy-*`, and any name with an underscore, which a CGI-style
 * upstream cannot tell from its twin with a hyphen.
 */
function isOurs(lower: string): boolean {
  return lower.includes('_') || lower.startsWith('x-lockgate-') || lower.startsWith('proxy-')
}

/** The names that a Connection value lists; undefined for the usual `keep-alive` and `close`. */
function namesIn(connection: string): ReadonlySet<string> | undefined {
  if (connection === 'keep-alive' || connection === 'close') return undefined
  return new Set(connection.split(',').map((name) => name.trim()))
}

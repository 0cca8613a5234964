/**
 * The headers of an answer: the upstream's as they are, order and duplicates kept, minus hop-by-hop
 * ones and those that the gateway sets itself, plus ours.
 */

import { HOP_BY_HOP } from './hop-by-hop.ts'

/** Never passed back. Lower case. */
const DROPPED: readonly string[] = [...HOP_BY_HOP, 'ratelimit', 'ratelimit-policy']

const LEGACY: readonly string[] = [
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
]

export type Headers = readonly (readonly [name: string, value: string])[]

export class ResponseHeaders {
  readonly #dropped: ReadonlySet<string>

  /** `legacyHeaders`: X-RateLimit-* is ours as well. */
  constructor(legacyHeaders: boolean) {
    this.#dropped = new Set(legacyHeaders ? [...DROPPED, ...LEGACY] : DROPPED)
  }

  /**
   * A flat list for `writeHead`. `raw` is undici's flat list of bytes; `ours` goes last. A 204 has
   * no length, whatever the upstream says, and neither has a body that may become another one.
   */
  build(
    raw: readonly Buffer[],
    status: number,
    ours: Headers,
    hasLength = status !== 204,
  ): string[] {
    const headers: string[] = []
    let listed: ReadonlySet<string> | undefined
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = text(raw[i])
      const lower = name.toLowerCase()
      if (this.#dropped.has(lower) || lower.startsWith('proxy-')) {
        if (lower === 'connection') listed = withNames(listed, text(raw[i + 1]))
        continue
      }
      if (!hasLength && lower === 'content-length') continue
      headers.push(name, text(raw[i + 1]))
    }
    const kept = listed === undefined ? headers : without(headers, listed)
    for (const [name, value] of ours) kept.push(name, value)
    return kept
  }
}

const text = (bytes: Buffer | undefined): string => bytes?.toString('latin1') ?? ''

/** The names a Connection value lists, beside its usual options. */
function withNames(
  before: ReadonlySet<string> | undefined,
  value: string,
): ReadonlySet<string> | undefined {
  const lower = value.toLowerCase()
  if (lower === 'keep-alive' || lower === 'close') return before
  return new Set([...(before ?? []), ...lower.split(',').map((name) => name.trim())])
}

function without(headers: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? ''
    if (!names.has(name.toLowerCase())) kept.push(name, headers[i + 1] ?? '')
  }
  return kept
}

/** A reason phrase as it may be repeated: printable ASCII, or none. */
export function reasonPhrase(text: string): string {
  return text.length < 100 && /^[\x20-\x7e]*$/.test(text) ? text : ''
}

/** One call of the admin API: a request out, a value or a LockgateApiError in. */
import { LockgateApiError, type RefusalBody } from './errors.ts'

/** As much of fetch as is used. */
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; redirect: 'error' },
) => Promise<{ readonly status: number; text(): Promise<string> }>

export interface ClientOptions {
  /** Where the admin port is reached, such as `http://127.0.0.1:8788`. */
  readonly baseUrl: string
  /** A key with scope `admin`, or `self` for the keys of its own owner. */
  readonly key: string
  /** Default: the runtime's. */
  readonly fetch?: Fetch
}

export interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query?: object | undefined
  readonly body?: object | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/** What comes back is what the server's contract says; it is not checked again here. */
export type Caller = <T>(call: Call) => Promise<T>

export function createCaller({ baseUrl, key, fetch: send = fetch }: ClientOptions): Caller {
  const base = baseUrl.replace(/\/$/, '')
  return async function call({ method, path, query, body, headers }) {
    const answer = await send(base + path + searchOf(query), {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // The key goes to the base URL and nowhere else.
      redirect: 'error',
    })
    const value = parse(await answer.text())
    if (answer.status >= 200 && answer.status < 300 && value !== undefined) return value
    throw new LockgateApiError(answer.status, isRefusal(value) ? value : {})
  }
}

function searchOf(query: object = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  if (given.length === 0) return ''
  return `?${given.map((pair) => pair.map((part) => encodeURIComponent(String(part))).join('=')).join('&')}`
}

/** undefined for what is no JSON, such as the page of a proxy. */
function parse(text: string) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isRefusal = (value: unknown): value is RefusalBody =>
  typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string'

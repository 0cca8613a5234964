/** One request of the walk and what came back. */

export interface Answer {
  readonly status: number
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>
  /** The JSON body; an empty object where it is none. */
  readonly body: Readonly<Record<string, unknown>>
}

/** A POST of `body` where it is given, else a GET. Rejects where there is no answer. */
export type Ask = (url: string, key?: string, body?: object) => Promise<Answer>

const TIMEOUT_MS = 10_000

export const askByFetch: Ask = async (url, key, body) => {
  const answer = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  return {
    status: answer.status,
    headers: new Map(answer.headers),
    body: parseBody(await answer.text()),
  }
}

export function parseBody(text: string): Answer['body'] {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

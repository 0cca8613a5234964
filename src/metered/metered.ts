/**
 * `metered`: the client of an SDK, for the calls of one request. Every HTTP request of the client holds
 * its worst case before it is sent, is metered while its answer passes, and is charged what it used.
 *
 * Works on any client that can be copied with another `fetch`, as those of OpenAI and Anthropic can; the
 * client itself stays as it is. What does not go through that `fetch`, such as a WebSocket, is not seen.
 */
import { ConfigError } from '../core/errors.ts'
import { spendDeskOf } from '../http/held-call.ts'
import { Passport, type RequestIdentity } from '../http/passport.ts'
import { createMeteredFetch, type Fetch } from './metered-fetch.ts'

/** The part of a client that is needed: `new OpenAI()`, `new Anthropic()` and what extends them. */
export interface MeterableClient {
  withOptions(options: { fetch: Fetch }): MeterableClient
}

/**
 * A copy of `client` whose calls are paid by the caller of this request. A call that does not fit a cap
 * is not sent, and fails with the SDK's own error for 429; a stream that reaches a cap is cut, and fails
 * with code `spend_exceeded`. When the client of the request hangs up, calls are stopped.
 *
 * Throws a ConfigError on a gate without spend caps, and for what is no client or no `req.lockgate`.
 *
 * @example
 * const openai = new OpenAI()
 * app.post('/v1/clean', async (req, res) => {
 *   const answer = await metered(openai, req.lockgate).chat.completions.create({ … })
 *   res.json({ text: answer.choices[0]?.message.content })
 * })
 */
export function metered<Client extends MeterableClient>(
  client: Client,
  identity: RequestIdentity,
): Client {
  const caller = Passport.callerOf(identity)
  if (caller === undefined) {
    throw new ConfigError(
      'metered(client, req.lockgate) needs the req.lockgate that guard() has set',
    )
  }
  const desk = spendDeskOf(caller.gate, 'metered()')
  if (typeof client?.withOptions !== 'function') {
    throw new ConfigError('metered() takes a client such as new OpenAI() or new Anthropic()')
  }
  const fetch = createMeteredFetch(caller, desk, fetchOf(client))
  // The SDKs say `this` of the copy, which a structural type cannot.
  return client.withOptions({ fetch }) as Client
}

/** A fetch that was given to the client goes on being used. */
function fetchOf(client: object): Fetch {
  const own: unknown = Reflect.get(client, 'fetch')
  return typeof own === 'function' ? (input, init) => own(input, init) : globalThis.fetch
}

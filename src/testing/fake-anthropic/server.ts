/**
 * A local Anthropic-compatible upstream for tests: the messages API, whole and streamed, with
 * deterministic answers, usage, faults and books. No model runs and nothing leaves the machine; every
 * answer says so in `x-fake-anthropic`.
 */
import type { FakeUpstream, FakeUpstreamOptions } from '../fake-upstream/options.ts'
import type { PriceTable } from '../fake-upstream/prices.ts'
import { type FakeProtocol, startFake } from '../fake-upstream/server.ts'
import { readMessage } from './message.ts'

export type FakeAnthropicOptions = FakeUpstreamOptions
/** Its `url` is such as `http://127.0.0.1:40123`; clients add `/v1/messages`. */
export type FakeAnthropic = FakeUpstream

export const ANTHROPIC_PRICES: PriceTable = Object.freeze({
  'claude-haiku-4-5': {
    inputMicroUsdPerMillion: 1_000_000,
    cachedInputMicroUsdPerMillion: 100_000,
    cacheWriteMicroUsdPerMillion: 1_250_000,
    outputMicroUsdPerMillion: 5_000_000,
  },
})

/**
 * Starts the fake and fulfils once it listens; rejects when the port cannot be had.
 *
 * @example
 * const llm = await startFakeAnthropic()
 * const client = new Anthropic({ baseURL: llm.url, apiKey: 'local' })
 * const messages = [{ role: 'user', content: 'teh text' }] as const
 * await client.messages.create({ model: 'claude-haiku-4-5', max_tokens: 100, messages })
 * await llm.close()
 */
export function startFakeAnthropic(options: FakeAnthropicOptions = {}): Promise<FakeAnthropic> {
  return startFake(ANTHROPIC, options)
}

const ANTHROPIC: FakeProtocol = {
  mark: 'x-fake-anthropic',
  basePath: '',
  prices: ANTHROPIC_PRICES,
  modelsPath: '/v1/models',
  endpoints: new Map([['/v1/messages', { name: 'messages', read: readMessage }]]),
  credentialOf(req) {
    const bearer = /^Bearer (\S+)$/i.exec(req.headers.authorization ?? '')?.[1]
    return req.headers['x-api-key']?.toString() ?? bearer
  },
  modelList(models) {
    const created_at = '1970-01-01T00:00:00Z'
    const data = models.map((id) => ({ type: 'model', id, display_name: id, created_at }))
    return JSON.stringify({ data, has_more: false, first_id: null, last_id: null })
  },
  errorBody: ({ type, message }, request_id) =>
    JSON.stringify({ type: 'error', error: { type, message }, request_id }),
}

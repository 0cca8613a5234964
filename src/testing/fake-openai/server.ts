/**
 * A local OpenAI-compatible upstream for tests, examples and the demo: chat completions and responses
 * (whole and streamed), embeddings and the list of models, with deterministic answers, usage, faults and
 * books. No model runs and nothing leaves the machine; every answer says so in `x-fake-openai` and
 * `system_fingerprint`.
 */
import type { FakeUpstream, FakeUpstreamOptions } from '../fake-upstream/options.ts'
import { DEFAULT_PRICES } from '../fake-upstream/prices.ts'
import { type FakeProtocol, startFake } from '../fake-upstream/server.ts'
import { readChat } from './completion.ts'
import { readEmbeddings } from './embeddings.ts'
import { readResponses } from './responses.ts'

export type FakeOpenAIOptions = FakeUpstreamOptions
/** Its `url` is such as `http://127.0.0.1:40123/v1`. */
export type FakeOpenAI = FakeUpstream

/**
 * Starts the fake and fulfils once it listens; rejects when the port cannot be had.
 *
 * @example
 * const llm = await startFakeOpenAI()
 * const client = new OpenAI({ baseURL: llm.url, apiKey: 'local' })
 * await client.chat.completions.create({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'teh text' }] })
 * console.log(llm.books.total.costMicroUsd)
 * await llm.close()
 */
export function startFakeOpenAI(options: FakeOpenAIOptions = {}): Promise<FakeOpenAI> {
  return startFake(OPENAI, options)
}

const OPENAI: FakeProtocol = {
  mark: 'x-fake-openai',
  basePath: '/v1',
  prices: DEFAULT_PRICES,
  modelsPath: '/v1/models',
  endpoints: new Map([
    ['/v1/chat/completions', { name: 'chat', read: readChat }],
    ['/v1/responses', { name: 'responses', read: readResponses }],
    ['/v1/embeddings', { name: 'embeddings', read: readEmbeddings }],
  ]),
  credentialOf: (req) => /^Bearer (\S+)$/i.exec(req.headers.authorization ?? '')?.[1],
  modelList(models) {
    const data = models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'fake-openai' }))
    return JSON.stringify({ object: 'list', data })
  },
  errorBody: ({ message, type, param, code }) =>
    JSON.stringify({ error: { message, type, param, code } }),
}

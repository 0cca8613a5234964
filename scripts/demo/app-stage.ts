/**
 * The demo of the checkout: the stage of `lockgate demo` with an app in between. A fake LLM, the
 * text-cleaner that calls it, a gateway in front of the app, and a second gateway in front of the LLM
 * itself for OpenAI's SDKs. Both gateways share one database.
 */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import OpenAI from 'openai'
import { createApp } from '../../examples/text-cleaner/app.ts'
import {
  type Endpoint,
  HOST,
  issueKeys,
  OWNERS_CREDENTIAL,
  openDoor,
  type Stage,
  type StageOptions,
  temporaryDatabase,
} from '../../src/cli/demo/stage.ts'
import { assemble } from '../../src/cli/demo/teardown.ts'
import type { IssuedKey } from '../../src/engine/gate.ts'
import { type FakeOpenAI, startFakeOpenAI } from '../../src/testing/index.ts'

const MODEL = 'gpt-4o-mini'

/** Three requests in two seconds, so that a 429 and the way out of it take no minute. */
const QUICK_TIER = { limits: [{ name: 'quick', quota: 3, window: '2s' }] }

export interface AppStage extends Stage {
  /** The base URL for OpenAI's SDKs, in front of the LLM. */
  readonly openaiUrl: string
  readonly appOrigin: string
  readonly quickKey: IssuedKey
}

export function startAppStage(options: StageOptions): Promise<AppStage> {
  return assemble(async (teardown) => {
    const databaseUrl = await temporaryDatabase(teardown)
    const llm = await startFakeOpenAI({ apiKeys: [OWNERS_CREDENTIAL] })
    teardown.add(() => llm.close())
    const app = await startApp(llm)
    teardown.add(() => {
      app.closeAllConnections()
      app.close()
    })
    const { port } = app.address() as AddressInfo
    const appOrigin = `http://${HOST}:${port}`
    const front = await openDoor({ databaseUrl, upstream: appOrigin }, options, teardown)
    const openaiConfig = {
      databaseUrl,
      upstream: new URL(llm.url).origin,
      upstreamHeaders: { authorization: `Bearer ${OWNERS_CREDENTIAL}` },
      errors: 'openai' as const,
      tiers: { quick: QUICK_TIER },
    }
    const openai = await openDoor(openaiConfig, { port: options.port + 1 }, teardown)
    return {
      ...{ llm, appOrigin, databaseUrl, gate: front.gate, origin: front.origin },
      openaiUrl: `${openai.origin}/v1`,
      endpoint: endpointAt(front.origin),
      ...(await issueKeys(front.gate)),
      quickKey: await openai.gate.keys.issue({
        owner: 'you@example.com',
        tier: 'quick',
        scopes: ['read', 'write'],
      }),
      async flushAudit() {
        for (const { gate } of [front, openai]) await gate.audit.flush()
      },
      close: () => teardown.run(),
    }
  })
}

function endpointAt(origin: string): Endpoint {
  return {
    postUrl: `${origin}/v1/clean`,
    getUrl: `${origin}/v1/info`,
    bodyOf: (text) => ({ text }),
    textOf: ({ text }) => text,
  }
}

function startApp(llm: FakeOpenAI): Promise<Server> {
  const client = new OpenAI({ baseURL: llm.url, apiKey: OWNERS_CREDENTIAL })
  return new Promise((resolve, reject) => {
    const server = createApp({ llm: client, model: MODEL }).listen(0, HOST, (error) => {
      if (error) reject(error)
      else resolve(server)
    })
  })
}

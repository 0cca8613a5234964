/**
 * `lockgate demo`: a gateway in front of a local fake LLM. The fake comes from the published test
 * tools, which this folder and that of the replay are the only ones of the program to use; both are
 * loaded when they are asked for.
 */
import { startFakeOpenAI } from '../../testing/fake-openai/index.ts'
import { askByFetch } from './answer.ts'
import { curlPost, guideTo } from './guide.ts'
import type { Ledger } from './ledger.ts'
import type { Demo } from './play.ts'
import {
  type Endpoint,
  issueKeys,
  OWNERS_CREDENTIAL,
  openDoor,
  type Stage,
  type StageOptions,
  temporaryDatabase,
} from './stage.ts'
import { assemble } from './teardown.ts'
import { auditSteps, credentialStep, keySteps, limitSteps, revocationSteps } from './walk.ts'

export const LLM_DEMO: Demo<Stage> = Object.freeze({ open, guide, walk })

function open(options: StageOptions): Promise<Stage> {
  return assemble(async (teardown) => {
    const databaseUrl = await temporaryDatabase(teardown)
    const llm = await startFakeOpenAI({ apiKeys: [OWNERS_CREDENTIAL] })
    teardown.add(() => llm.close())
    const config = {
      databaseUrl,
      upstream: new URL(llm.url).origin,
      upstreamHeaders: { authorization: `Bearer ${OWNERS_CREDENTIAL}` },
      errors: 'openai' as const,
    }
    const { gate, origin } = await openDoor(config, options, teardown)
    return {
      ...{ llm, gate, origin, databaseUrl, endpoint: endpointAt(origin) },
      ...(await issueKeys(gate)),
      flushAudit: () => gate.audit.flush(),
      close: () => teardown.run(),
    }
  })
}

const chat = (text: string): object => ({
  model: 'gpt-4o-mini',
  messages: [{ role: 'user', content: text }],
})

function endpointAt(origin: string): Endpoint {
  return {
    postUrl: `${origin}/v1/chat/completions`,
    getUrl: `${origin}/v1/models`,
    bodyOf: chat,
    textOf({ choices }) {
      const [first]: { message?: { content?: unknown } }[] = Array.isArray(choices) ? choices : []
      return first?.message?.content
    },
  }
}

function guide(stage: Stage): string {
  const { origin, llm, endpoint } = stage
  return guideTo(stage, {
    title: 'Lockgate demo: a gateway in front of a fake LLM, all on this machine',
    places: [
      ['gateway', `${origin}, in front of the LLM`],
      ['LLM', `${llm.url}, a local fake that corrects typing: no model, no bill`],
    ],
    variables: [],
    cli: 'npx lockgate',
    more: [
      [
        `a stream; any OpenAI SDK works too: base URL ${origin}/v1, API key $KEY`,
        curlPost(endpoint.postUrl, 'KEY', { ...chat('i recieved teh  letter'), stream: true }),
      ],
    ],
  })
}

async function walk(stage: Stage, ledger: Ledger): Promise<void> {
  ledger.heading('Keys and scopes')
  await keySteps(stage, ledger, askByFetch)
  credentialStep(stage, ledger)
  ledger.heading('Limits: 60 a minute and 12 more in a burst')
  const refused = await limitSteps(stage, ledger, askByFetch)
  await revocationSteps(stage, ledger, askByFetch)
  await auditSteps(stage, ledger, refused)
}

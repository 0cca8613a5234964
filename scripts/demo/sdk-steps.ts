/**
 * OpenAI's own SDK against the gateway in front of the LLM: its base URL and its key are all that
 * changes in an app. The tier admits 3 requests in 2 s, so the SDK meets a 429 and gets over it.
 */
import OpenAI from 'openai'
import type { Ledger } from '../../src/cli/demo/ledger.ts'
import { credentialStep } from '../../src/cli/demo/walk.ts'
import type { AppStage } from './app-stage.ts'

const CALLS = 5
const QUESTION = {
  model: 'gpt-4o-mini',
  messages: [{ role: 'user' as const, content: 'i recieved teh  letter' }],
}
const CLEANED = 'I received the letter.'

/** Resolves with the number of 429s that the SDK was sent. */
export async function sdkSteps(stage: AppStage, ledger: Ledger): Promise<number> {
  ledger.heading('The openai SDK, by base URL and key; 3 requests in 2 s')
  const statuses: number[] = []
  const client = new OpenAI({
    baseURL: stage.openaiUrl,
    apiKey: stage.quickKey.key,
    maxRetries: 5,
    async fetch(...args) {
      const answer = await fetch(...args)
      statuses.push(answer.status)
      return answer
    },
  })
  await recoverySteps(client, ledger, statuses)
  await streamStep(client, ledger)
  await errorStep(client, ledger)
  credentialStep(stage, ledger)
  return statuses.filter((status) => status === 429).length
}

async function recoverySteps(client: OpenAI, ledger: Ledger, statuses: readonly number[]) {
  const answers: string[] = []
  for (let call = 0; call < CALLS; call += 1) {
    const answer = await client.chat.completions.create(QUESTION)
    answers.push(answer.choices[0]?.message.content ?? '')
  }
  const right = answers.filter((text) => text === CLEANED).length
  ledger.step(`${CALLS} calls`, `${CALLS} right answers`, `${right} right answers`)
  const refused = statuses.filter((status) => status === 429).length
  ledger.step('429s it got over', '1 or more', String(refused), refused >= 1)
}

async function streamStep(client: OpenAI, ledger: Ledger): Promise<void> {
  const stream = await client.chat.completions.create({ ...QUESTION, stream: true })
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  ledger.step('a stream', CLEANED, text)
}

/** Without retries the SDK shows what the gateway says. */
async function errorStep(client: OpenAI, ledger: Ledger): Promise<void> {
  const impatient = client.withOptions({ maxRetries: 0 })
  let got = 'answers only'
  for (let call = 0; call < CALLS; call += 1) {
    try {
      await impatient.chat.completions.create(QUESTION)
    } catch (error) {
      got = error instanceof OpenAI.APIError ? `${error.status} ${error.code}` : String(error)
    }
  }
  ledger.step('without retries', '429 rate_limited', got)
}

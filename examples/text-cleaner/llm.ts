/** The LLM that the example talks to: `OPENAI_BASE_URL`, or a local fake that costs nothing. */
import OpenAI from 'openai'
import { startFakeOpenAI } from '../../src/testing/index.ts' // in your own app: 'lockgate/testing'

export interface Llm {
  readonly llm: OpenAI
  readonly model: string
}

/** Reads OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL; says on stdout which LLM it is. */
export async function connectLlm(env: NodeJS.ProcessEnv): Promise<Llm> {
  const model = env['OPENAI_MODEL'] ?? 'gpt-4o-mini'
  const baseURL = env['OPENAI_BASE_URL']
  if (baseURL !== undefined && baseURL !== '') {
    console.log(`LLM: ${baseURL}, model ${model}`)
    return { llm: new OpenAI({ baseURL, apiKey: env['OPENAI_API_KEY'] ?? 'none' }), model }
  }
  const fake = await startFakeOpenAI()
  console.log(`LLM: a local fake at ${fake.url} (set OPENAI_BASE_URL for a real one)`)
  return { llm: new OpenAI({ baseURL: fake.url, apiKey: 'local' }), model: 'gpt-4o-mini' }
}

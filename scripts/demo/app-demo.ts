/** The demo of the checkout: the text-cleaner behind a gateway, by curl and by OpenAI's own SDK. */
import { relative } from 'node:path'
import { curlPost, guideTo } from '../../src/cli/demo/guide.ts'
import type { Ledger } from '../../src/cli/demo/ledger.ts'
import type { Demo } from '../../src/cli/demo/play.ts'
import { auditSteps, keySteps, limitSteps, revocationSteps } from '../../src/cli/demo/walk.ts'
import { type AppStage, startAppStage } from './app-stage.ts'
import { curl } from './curl.ts'
import { sdkSteps } from './sdk-steps.ts'

export const APP_DEMO: Demo<AppStage> = Object.freeze({ open: startAppStage, guide, walk })

function guide(stage: AppStage): string {
  const { origin, openaiUrl, appOrigin, llm, quickKey } = stage
  const question = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'teh text' }] }
  return guideTo(stage, {
    title: 'Lockgate demo: an AI API behind a gateway, all on this machine',
    places: [
      ['gateway', `${origin}, in front of the text-cleaner`],
      ['text-cleaner', `${appOrigin}, open to whoever can reach it`],
      ['LLM', `${llm.url}, a local fake: no model, no bill`],
    ],
    variables: [['SDK', quickKey.key]],
    cli: `${nodeCommand()} src/cli/main.ts`,
    more: [
      [
        'the LLM itself, for curl or any OpenAI SDK; 3 requests in 2 s',
        curlPost(`${openaiUrl}/chat/completions`, 'SDK', question),
      ],
    ],
  })
}

/** The Node that runs the demo, which may be newer than the one a shell finds. */
function nodeCommand(): string {
  const path = relative(process.cwd(), process.execPath)
  return path.startsWith('..') ? 'node' : path
}

async function walk(stage: AppStage, ledger: Ledger): Promise<void> {
  ledger.heading('Keys and scopes, by curl')
  await keySteps(stage, ledger, curl)
  ledger.heading('Limits, by curl: 60 a minute and 12 more in a burst')
  const refusedByCurl = await limitSteps(stage, ledger, curl)
  const refusedBySdk = await sdkSteps(stage, ledger)
  await revocationSteps(stage, ledger, curl)
  await auditSteps(stage, ledger, refusedByCurl + refusedBySdk)
}

/** The same app with spend caps for each caller and for all: `node examples/text-cleaner/capped.ts`. */
import { lockgate } from '../../src/index.ts' // in your own app: 'lockgate'
import { metered } from '../../src/metered/index.ts' // in your own app: 'lockgate/metered'
import { guard, spendErrors } from '../../src/middleware/express/index.ts' // 'lockgate/express'
import { createApp } from './app.ts'
import { connectLlm } from './llm.ts'

const port = Number(process.env['PORT'] ?? 3000)
const gate = await lockgate({
  config: {
    spend: { account: { perDay: '$5' } },
    tiers: {
      free: {
        limits: [{ name: 'minute', quota: 60, window: '1m' }],
        ...{ spend: { perDay: '$0.50' }, maxOutputTokens: 4_000, models: ['gpt-4o-mini'] },
      },
    },
  },
})
if ((await gate.keys.list({ pageSize: 1 })).length === 0) {
  const { key } = await gate.keys.issue({ owner: 'you@example.com', scopes: ['read', 'write'] })
  console.log(`The first key, shown once: ${key}`)
}
const { llm, model } = await connectLlm(process.env)
const app = createApp({
  ...{ llm, model, before: [guard(gate)] },
  llmFor: (req) => metered(llm, req.lockgate),
  onError: [spendErrors()],
})

const server = app.listen(port, '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`text-cleaner: http://127.0.0.1:${port}/v1/clean, 50 cents a day for each key`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => server.close(() => void gate.close().then(() => process.exit(0))))
}

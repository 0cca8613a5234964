/** The bare app, for behind the gateway: `node examples/text-cleaner/server.ts`. */
import { createApp } from './app.ts'
import { connectLlm } from './llm.ts'

const port = Number(process.env['PORT'] ?? 3000)
const app = createApp(await connectLlm(process.env))

// Loopback only: the gateway is the way in, and there is no second one.
const server = app.listen(port, '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`text-cleaner: http://127.0.0.1:${port}/v1/clean, open to whoever can reach it`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => server.close(() => process.exit(0)))
}

/** The same app with keys and limits in process: `node examples/text-cleaner/guarded.ts`. */
import { lockgate } from '../../src/index.ts' // in your own app: 'lockgate'
import { guard } from '../../src/middleware/express/index.ts' // in your own app: 'lockgate/express'
import { createApp } from './app.ts'
import { connectLlm } from './llm.ts'

const port = Number(process.env['PORT'] ?? 3000)
const gate = await lockgate()
if ((await gate.keys.list({ pageSize: 1 })).length === 0) {
  const { key } = await gate.keys.issue({ owner: 'you@example.com', scopes: ['read', 'write'] })
  console.log(`The first key, shown once: ${key}`)
}
const before = [guard(gate)]
const app = createApp({ ...(await connectLlm(process.env)), before })

const server = app.listen(port, '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`text-cleaner: http://127.0.0.1:${port}/v1/clean, for holders of a key`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => server.close(() => void gate.close().then(() => process.exit(0))))
}

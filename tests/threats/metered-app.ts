/** An app that calls an API for its clients, by what they sent, and logs all that comes back as errors. */
import type { AddressInfo } from 'node:net'
import express, { type ErrorRequestHandler } from 'express'
import OpenAI from 'openai'
import { lockgate } from '../../src/lockgate.ts'
import { metered } from '../../src/metered/index.ts'
import { guard, spendErrors } from '../../src/middleware/express/index.ts'

const gate = await lockgate({ onAudit: (row) => console.log(JSON.stringify(row)) })
const { API_URL: baseURL = '', API_KEY: apiKey = '' } = process.env
const openai = new OpenAI({ baseURL, apiKey, maxRetries: 0 })
const app = express()
app.use(guard(gate))
app.use(express.json({ strict: false }))
app.post('/{*path}', async (request, response) => {
  const { model } = Object(request.body)
  const held = await request.lockgate.reserve({ model: String(model), inputTokens: 1 })
  console.log(JSON.stringify({ held }))
  if (held.allowed) held.charge({ microUsd: 1 })
  const client = metered(openai, request.lockgate)
  response.json(await client.post(request.url, { body: request.body }))
})
app.use(spendErrors())
const answerWith: ErrorRequestHandler = (error, _request, response, _next) => {
  // What the API says in its errors is the app's own affair.
  const { name, code, status, requestID } = Object(error)
  console.log(JSON.stringify({ name, code, status, requestID }))
  if (!response.headersSent) response.status(500).json({ name, code })
}
app.use(answerWith)
const server = app.listen(0, '127.0.0.1', () => {
  console.log(`port ${(server.address() as AddressInfo).port}`)
})
process.once('SIGTERM', async () => {
  server.closeAllConnections()
  server.close()
  await gate.close()
})

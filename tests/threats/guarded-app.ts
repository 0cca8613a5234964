/** An app behind the guard whose counters and cost function fail now and then, and log all of it. */
import type { AddressInfo } from 'node:net'
import express from 'express'
import { lockgate } from '../../src/lockgate.ts'
import { guard } from '../../src/middleware/express/index.ts'

const gate = await lockgate({ onAudit: (row) => console.log(JSON.stringify(row)) })
const app = express()
const refuseHalf = (): number => {
  if (Math.random() < 0.5) throw new Error('the cost cannot be told')
  return 1
}
app.use(guard(gate, { cost: refuseHalf }))
app.use((request, response) => {
  console.log(JSON.stringify({ lockgate: request.lockgate }))
  response.end('ok')
})
const server = app.listen(0, '127.0.0.1', () => {
  console.log(`port ${(server.address() as AddressInfo).port}`)
})
process.once('SIGTERM', async () => {
  server.closeAllConnections()
  server.close()
  await gate.close()
})

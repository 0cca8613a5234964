/**
 * Sends invented keys, 10,000 a second, from 127.0.0.2: half with a bad checksum, half well-formed
 * but unknown. Says when it has begun, stops when told, and then says how many it sent a second.
 */
import { setPriority } from 'node:os'
import { Agent, request } from 'undici'
import { createKeyFormat } from '../../src/core/key/format.ts'

const PER_SECOND = 10_000
const TICK_MS = 1
const [, , url = ''] = process.argv
// What is measured is the server: the flooder must not keep the good client from its processor.
setPriority(19)
const agent = new Agent({ connections: 64, localAddress: '127.0.0.2' })
const format = createKeyFormat('sk')
const invented = Array.from({ length: 2_000 }, (_, i) => {
  const { key } = format.generate('live')
  return i % 2 === 0 ? key : `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`
})

let sent = 0
let stopped = false
process.once('message', () => {
  stopped = true
})
const beganAt = performance.now()
process.send?.('begun')
while (!stopped) {
  const due = ((performance.now() - beganAt) / 1000) * PER_SECOND
  while (sent < due) void ask(invented[sent++ % invented.length] ?? '')
  await new Promise((resolve) => setTimeout(resolve, TICK_MS))
}
process.send?.(Math.round(sent / ((performance.now() - beganAt) / 1000)))
await agent.destroy()
process.disconnect()

async function ask(key: string): Promise<void> {
  try {
    const headers = { authorization: `Bearer ${key}` }
    const { body } = await request(url, { headers, dispatcher: agent })
    await body.dump()
  } catch {
    // Cut off at the end; what counts is what the good key sees.
  }
}

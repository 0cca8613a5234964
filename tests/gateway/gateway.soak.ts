/** The long versions of what the gateway's tests prove: more targets, more and larger stalls. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { sendHostileTargets } from './canary.ts'
import { RawClient, until } from './raw-client.ts'
import { startRig } from './rig.ts'

const HOSTILE_TARGETS = Number(process.env['LOCKGATE_HOSTILE_TARGETS'] ?? 100_000)
const MIB = 1_048_576

test(`${HOSTILE_TARGETS} targets, and no host that is not configured is reached`, {
  timeout: 1_800_000,
}, async () => {
  const { sent } = await sendHostileTargets(HOSTILE_TARGETS)
  expect(sent).toBe(HOSTILE_TARGETS)
})

test('200 readers that stall in 50 MB each cost less than 64 MiB', {
  timeout: 300_000,
}, async () => {
  const size = 50_000_000
  const block = Buffer.alloc(65_536)
  const rig = await startRig({
    answer: (_request, response) => {
      let written = 0
      response.writeHead(200, { 'content-length': String(size) })
      const pump = (): void => {
        while (written < size && !response.destroyed) {
          const part = block.subarray(0, Math.min(block.length, size - written))
          written += part.length
          if (!response.write(part)) {
            response.once('drain', pump)
            return
          }
        }
        response.end()
      }
      pump()
    },
  })
  const before = process.memoryUsage()
  const clients = Array.from({ length: 200 }, () => new RawClient(rig.port))
  for (const { socket } of clients) socket.pause()
  for (const client of clients) {
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: ${rig.key}\r\n\r\n`)
  }
  await until(() => rig.upstream.requests.length === 200, 30_000)
  await sleep(3_000)
  const after = process.memoryUsage()
  // Upstream, gateway and clients share this process, and so does the bound.
  expect(after.external + after.arrayBuffers - before.external - before.arrayBuffers).toBeLessThan(
    64 * MIB,
  )
  for (const client of clients) client.end()
  expect(await until(() => rig.upstream.aborted === 200, 5_000)).toBe(true)
  await rig.stop()
})

test('1,000 slow connections, and every good request is answered', {
  timeout: 300_000,
}, async () => {
  const rig = await startRig({ gateway: { headersTimeoutMs: 5_000 } })
  const slow = Array.from({ length: 1_000 }, () => new RawClient(rig.port))
  for (const client of slow) client.send('GET / HTTP/1.1\r\nHost: a\r\n')
  for (let round = 0; round < 200; round++) {
    if (round % 10 === 0) for (const client of slow) client.send(`X-${round}: a\r\n`)
    const client = new RawClient(rig.port)
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: ${rig.key}\r\n\r\n`)
    expect((await client.answer()).status).toBe(200)
    client.end()
  }
  for (const client of slow) expect(await client.closed(10_000)).toBe(true)
  await rig.stop()
})

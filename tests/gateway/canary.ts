/** Hostile targets against a live gateway, and a canary that nobody may ever call. */

import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import fc from 'fast-check'
import { expect } from 'vitest'
import { hostileTarget } from './hostile-target.ts'
import { RawClient } from './raw-client.ts'
import { startRig } from './rig.ts'

export interface CanaryResult {
  readonly sent: number
  readonly forwarded: number
}

/** Sends `targets` hostile targets with a valid key; fails if the canary is connected to. */
export async function sendHostileTargets(targets: number): Promise<CanaryResult> {
  let connections = 0
  const canary = createServer((socket) => {
    connections++
    socket.destroy()
  })
  await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve))
  const canaryHost = `127.0.0.1:${(canary.address() as AddressInfo).port}`
  const rig = await startRig()
  const upstreamHost = `127.0.0.1:${rig.upstream.port}`
  let client = new RawClient(rig.port)
  let sent = 0
  for (const target of samples(targets, canaryHost)) {
    client.send(
      `GET ${target} HTTP/1.1\r\nHost: ${canaryHost}\r\nX-Forwarded-Host: ${canaryHost}\r\nX-API-Key: ${rig.key}\r\n\r\n`,
    )
    const { headers } = await client.answer()
    sent++
    if (headers['connection'] === 'close') {
      client.end()
      client = new RawClient(rig.port)
    }
  }
  client.end()
  for (const { headers, url } of rig.upstream.requests) {
    expect(headers.host).toBe(upstreamHost)
    expect(url.startsWith('/') && !url.startsWith('//')).toBe(true)
  }
  expect(connections).toBe(0)
  const forwarded = rig.upstream.requests.length
  await rig.stop()
  canary.close()
  return { sent, forwarded }
}

/** In batches, so that a soak does not hold them all. */
function* samples(count: number, host: string): Generator<string> {
  const batch = 1_000
  for (let done = 0; done < count; done += batch) {
    yield* fc.sample(hostileTarget(host), Math.min(batch, count - done))
  }
}

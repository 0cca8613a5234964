/** Tells the bench, in one line on stdout, where a server listens and what to send. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export async function announce(server: Server, key?: string): Promise<void> {
  if (!server.listening) await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const headers = key === undefined ? [] : [`Authorization: Bearer ${key}`]
  say({ url: `http://127.0.0.1:${port}/`, headers })
}

/** Of a server that listens already. `body`: what to post. */
export function say(how: {
  readonly url: string
  readonly headers: readonly string[]
  readonly body?: string
}): void {
  console.log(JSON.stringify(how))
}

/** The trial that the revocation test and its longer run repeat. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import type { Serving } from './serving.ts'

const agent = new Agent({ connections: 1 })

async function statusOf(serving: Serving, key: string): Promise<number> {
  const headers = { authorization: `Bearer ${key}` }
  const { statusCode, body } = await request(serving.url, { headers, dispatcher: agent })
  await body.dump()
  return statusCode
}

/** Keeps asking with `key` on several connections until told to stop. */
export function putUnderLoad(serving: Serving, key: string): { stop(): Promise<number> } {
  let stopped = false
  let answered = 0
  const load = new Agent({ connections: 8 })
  const client = async (): Promise<void> => {
    while (!stopped) {
      const headers = { authorization: `Bearer ${key}` }
      const { body } = await request(serving.url, { headers, dispatcher: load })
      await body.dump()
      answered++
      // Busy, but with room for the command whose effect is to be seen.
      await sleep(2)
    }
  }
  const clients = Promise.all(Array.from({ length: 8 }, client))
  // A failure is told by stop(), which may be called long after it.
  clients.catch(() => undefined)
  return {
    async stop() {
      stopped = true
      await clients
      await load.close()
      return answered
    },
  }
}

/** The status of the first request sent after `lockgate keys revoke` returned. */
export async function revokeAndAsk(serving: Serving): Promise<{ before: number; after: number }> {
  const { key, key_id: keyId } = await serving.createKey()
  const before = await statusOf(serving, key)
  await serving.cli('keys', 'revoke', keyId)
  return { before, after: await statusOf(serving, key) }
}

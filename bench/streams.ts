/** Streams as a client opens them on a server of a bench: when the first byte comes, and how they are ended. */
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Started } from './load.ts'

export interface OpenStream {
  /** From the first byte of the request to the first of the body. */
  readonly firstByteMs: number
  /** Fulfils when the server has ended it. */
  readonly ended: Promise<void>
  hangUp(): void
}

const AGENT = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })

/** Fulfils with the first byte; rejects where the answer is no stream. */
export function openStream({ url, headers, body = '{}' }: Started): Promise<OpenStream> {
  const asked = JSON.stringify({ ...JSON.parse(body), stream: true })
  const fields = headers.map((line) => [line.split(': ')[0], line.split(': ').slice(1).join(': ')])
  return new Promise((resolve, reject) => {
    const beganAt = performance.now()
    const outgoing: ClientRequest = request(url, {
      method: 'POST',
      agent: AGENT,
      headers: { ...Object.fromEntries(fields), 'content-length': Buffer.byteLength(asked) },
    })
    const answered = (incoming: IncomingMessage): void => {
      if (incoming.statusCode !== 200) reject(new Error(`answered ${incoming.statusCode}`))
      const ended = new Promise<void>((done) => incoming.once('close', done))
      incoming.once('data', () => {
        const firstByteMs = performance.now() - beganAt
        resolve({ firstByteMs, ended, hangUp: () => outgoing.destroy() })
      })
    }
    outgoing.on('response', answered).on('error', reject).end(asked)
  })
}

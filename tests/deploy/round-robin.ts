/**
 * The least that a load balancer in front of several gateways does. It asks each one's /health/ready
 * and leaves out those that do not say 200. Connections stay open, as a proxy's do.
 *
 * It sends a request to another gateway only where nobody can have read it: the connection was refused,
 * or a connection that had been idle turns out to be closed.
 */
import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

export interface Target {
  readonly url: string
  readonly healthUrl: string
}

export interface Answer {
  readonly status: number
  readonly body: string
}

const PROBE_INTERVAL_MS = 50
const PROBE_TIMEOUT_MS = 1_000
const TRY_FOR_MS = 5_000
const TRY_INTERVAL_MS = 20

/** Nobody has read the request. */
class Unread extends Error {}

export class RoundRobin {
  readonly #agent = new Agent({ keepAlive: true })
  readonly #targets: readonly Target[]
  readonly #ready = new Set<Target>()
  readonly #timer: NodeJS.Timeout
  #turn = 0

  /** Call `probe` once before the first request. */
  constructor(targets: readonly Target[]) {
    this.#targets = targets
    this.#timer = setInterval(() => void this.probe(), PROBE_INTERVAL_MS)
  }

  /** How many take requests now. */
  get size(): number {
    return this.#ready.size
  }

  async probe(): Promise<void> {
    await Promise.all(
      this.#targets.map(async (target) => {
        if (await isReady(target)) this.#ready.add(target)
        else this.#ready.delete(target)
      }),
    )
  }

  /** Rejects when no gateway took it within five seconds, or one broke off. */
  async post(path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
    const giveUpAt = performance.now() + TRY_FOR_MS
    for (;;) {
      const target = this.#next()
      try {
        if (target !== undefined) return await this.#send(new URL(path, target.url), headers)
      } catch (error) {
        if (!(error instanceof Unread)) throw error
        if (target !== undefined) this.#ready.delete(target)
      }
      if (performance.now() > giveUpAt) throw new Error('no gateway is ready')
      if (this.#ready.size === 0) await pause(TRY_INTERVAL_MS)
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#agent.destroy()
  }

  #next(): Target | undefined {
    const ready = [...this.#ready]
    return ready[this.#turn++ % ready.length]
  }

  #send(url: URL, headers: Readonly<Record<string, string>>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { method: 'POST', headers, agent: this.#agent })
      outgoing.on('error', (error) => {
        const code = 'code' in error ? error.code : undefined
        const isUnread = code === 'ECONNREFUSED' || (outgoing.reusedSocket && code === 'ECONNRESET')
        reject(isUnread ? new Unread(String(error)) : error)
      })
      outgoing.on('response', (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (chunk) => {
          body += chunk
        })
        response.on('error', reject)
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      })
      outgoing.end()
    })
  }
}

async function isReady({ healthUrl }: Target): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS)
    const response = await fetch(healthUrl, { signal, headers: { connection: 'close' } })
    await response.body?.cancel()
    return response.status === 200
  } catch {
    return false
  }
}

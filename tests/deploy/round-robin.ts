/**
 * The least that a load balancer in front of several gateways does. It asks each one's /health/ready
 * and leaves out those that do not say 200. Connections stay open, as a proxy's do.
 *
 * It sends a request to another gateway only where nobody can have read it: the connection was refused,
 * or a connection that had been idle turns out to be closed.
 */
import { Agent, request } from 'node:http'

export interface Target {
  readonly url: string
  readonly healthUrl: string
}

export interface Answer {
  readonly status: number
  readonly body: string
}

const PROBE_INTERVAL_MS = 50
const UNREAD = new Set(['ECONNREFUSED', 'REUSED'])

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
        const response = await fetch(target.healthUrl).catch(() => undefined)
        await response?.body?.cancel()
        if (response?.status === 200) this.#ready.add(target)
        else this.#ready.delete(target)
      }),
    )
  }

  /** Rejects when no gateway took it, or one broke off. */
  async post(path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const target = this.#next()
      try {
        return await this.#send(new URL(path, target.url), headers)
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : ''
        if (!UNREAD.has(code) || attempt > this.#targets.length) throw error
        if (code === 'ECONNREFUSED') this.#ready.delete(target)
      }
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#agent.destroy()
  }

  #next(): Target {
    const ready = [...this.#ready]
    const target = ready[this.#turn++ % ready.length]
    if (target === undefined) throw new Error('no gateway is ready')
    return target
  }

  #send(url: URL, headers: Readonly<Record<string, string>>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { method: 'POST', headers, agent: this.#agent })
      outgoing.on('error', (error) => {
        const wasClosed = outgoing.reusedSocket && 'code' in error && error.code === 'ECONNRESET'
        reject(wasClosed ? Object.assign(error, { code: 'REUSED' }) : error)
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

/**
 * The workers of `serve --workers`, seen from the primary process: started, restarted after a death,
 * and stopped. They share one port, which the primary accepts for them in turn.
 *
 * Failure: what the first worker cannot start with, no other could; the start then fails with its
 * reason. Five deaths within ten seconds reject `ended`. When this process exits it ends its workers;
 * when it is killed, they notice that it is gone and end by themselves.
 */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Logger } from '../../core/ports/logger.ts'
import type { GateHealth } from '../../engine/gate.ts'
import type { MetricsSnapshot } from '../../telemetry/snapshots.ts'
import { CommandError } from '../failure.ts'
import { crewHealth, type WorkerReport } from './crew-health.ts'
import { isFromWorker, type ToWorker } from './messages.ts'
import { RestartPolicy } from './restart-policy.ts'

const MEASURE_TIMEOUT_MS = 1_000
const SEE_LOG = 'the log lines above may say why'

export class Crew {
  /** Rejects when too many workers die; never fulfils. */
  readonly ended: Promise<never>
  readonly #fail: (reason: CommandError) => void
  readonly #count: number
  readonly #log: Logger
  readonly #policy = new RestartPolicy()
  /** Of the workers that accept connections. */
  readonly #reports = new Map<Worker, WorkerReport>()
  readonly #pauses = new Set<NodeJS.Timeout>()
  #isStopping = false

  constructor(count: number, log: Logger) {
    const { promise, reject } = Promise.withResolvers<never>()
    promise.catch(() => undefined)
    this.ended = promise
    this.#fail = reject
    this.#count = count
    this.#log = log
  }

  /** How many accept connections. */
  get size(): number {
    return this.#reports.size
  }

  /** Resolves with the address when all of them accept connections; call once. */
  async start(): Promise<AddressInfo> {
    process.on('exit', killAll)
    const address = await this.#startWorker()
    await Promise.all(Array.from({ length: this.#count - 1 }, () => this.#startWorker()))
    return address
  }

  health(): GateHealth {
    return crewHealth([...this.#reports.values()], this.#count, performance.now())
  }

  /** Of those that answer within a second. */
  async metrics(): Promise<readonly MetricsSnapshot[]> {
    const snapshots = await Promise.all([...this.#reports.keys()].map(measure))
    return snapshots.filter((snapshot) => snapshot !== undefined)
  }

  /** Lets all of them drain; those that take longer than `timeoutMs` are ended. */
  async stop(timeoutMs: number): Promise<void> {
    this.#isStopping = true
    for (const timer of this.#pauses) clearTimeout(timer)
    const gone = Promise.all(running().map((worker) => once(worker, 'exit')))
    for (const worker of running()) tell(worker, { lockgate: 'stop' })
    const timer = setTimeout(() => {
      this.#log.error({}, 'workers that did not stop in time are ended')
      killAll()
    }, timeoutMs)
    await gone
    clearTimeout(timer)
    process.off('exit', killAll)
  }

  /** Resolves once the worker listens; rejects with what it said if it ends before. */
  #startWorker(): Promise<AddressInfo> {
    const worker = cluster.fork()
    const { promise, resolve, reject } = Promise.withResolvers<AddressInfo>()
    let problem = `a worker ended before it was ready; ${SEE_LOG}`
    worker.on('message', (message: unknown) => {
      if (!isFromWorker(message)) return
      if (message.lockgate === 'failed') problem = message.message
      if (message.lockgate === 'ready') resolve(message.address)
      if (message.lockgate === 'ready' || message.lockgate === 'health') {
        this.#reports.set(worker, { health: message.health, atMs: performance.now() })
      }
    })
    worker.on('exit', (code, signal) => {
      const wasReady = this.#reports.delete(worker)
      reject(new CommandError(problem))
      if (wasReady) this.#restart({ worker_pid: worker.process.pid, code, signal })
    })
    return promise
  }

  #restart(death: object): void {
    if (this.#isStopping) return
    const pauseMs = this.#policy.pauseAfterDeath(performance.now())
    if (pauseMs === undefined) {
      this.#log.error(death, 'a worker died')
      this.#fail(new CommandError(`five workers died within 10 s; ${SEE_LOG}`))
      return
    }
    this.#log.error({ ...death, restart_in_ms: pauseMs }, 'a worker died; another takes its place')
    const timer = setTimeout(() => {
      this.#pauses.delete(timer)
      this.#startWorker().catch((error: unknown) => this.#restart({ err: error }))
    }, pauseMs)
    this.#pauses.add(timer)
  }
}

async function measure(worker: Worker): Promise<MetricsSnapshot | undefined> {
  const { promise, resolve } = Promise.withResolvers<MetricsSnapshot | undefined>()
  const receive = (message: unknown): void => {
    if (isFromWorker(message) && message.lockgate === 'metrics') resolve(message.snapshot)
  }
  const timer = setTimeout(resolve, MEASURE_TIMEOUT_MS, undefined)
  worker.on('message', receive)
  tell(worker, { lockgate: 'measure' })
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    worker.off('message', receive)
  }
}

/** One that is gone hears nothing, and needs not. */
function tell(worker: Worker, message: ToWorker): void {
  worker.process.send?.(message, () => undefined)
}

const running = (): Worker[] =>
  Object.values(cluster.workers ?? {}).flatMap((worker) =>
    worker === undefined || worker.isDead() ? [] : [worker],
  )

function killAll(): void {
  for (const worker of running()) worker.process.kill('SIGKILL')
}

/** Four instances of Lockgate, each a process of its own, on one database and one Redis. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { LockgateConfig } from '../../src/index.ts'
import type { Answer, Order, Orders } from './instance.ts'

const INSTANCE = fileURLToPath(new URL('./instance.ts', import.meta.url))
const INSTANCES = 4

export interface InstancesOptions {
  readonly databaseUrl: string
  readonly redisUrl: string
  readonly config: LockgateConfig
}

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

export class Instance {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #orders = 0
  #closing = false
  #errors = ''

  /** Fulfils when its gate is open. */
  static async launch(options: InstancesOptions): Promise<Instance> {
    const instance = new Instance(options)
    await new Promise((resolve, reject) => instance.#waiting.set(0, { resolve, reject }))
    return instance
  }

  private constructor({ databaseUrl, redisUrl, config }: InstancesOptions) {
    const env = { ...process.env, LOCKGATE_DATABASE_URL: databaseUrl, LOCKGATE_REDIS_URL: redisUrl }
    this.#process = fork(INSTANCE, [JSON.stringify(config)], {
      ...{ env, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
    })
    this.#process.stderr?.on('data', (chunk) => {
      this.#errors = `${this.#errors}${chunk}`.slice(-4_000)
    })
    this.#process.on('message', ({ id, result, error }: Answer) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.resolve(result)
      else waiting?.reject(new Error(error))
    })
    // 'close' does not come where the parent disconnects.
    this.#process.on('exit', (code, signal) => {
      const error = new Error(`an instance ended with ${code ?? signal}: ${this.#errors}`)
      for (const { reject } of this.#waiting.values()) reject(error)
    })
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  ask<N extends keyof Orders>(
    name: N,
    ...args: Parameters<Orders[N]>
  ): Promise<Awaited<ReturnType<Orders[N]>>> {
    this.#orders += 1
    const order: Order = { id: this.#orders, name, args }
    return new Promise((resolve, reject) => {
      if (this.hasEnded) throw new Error(`an instance has ended: ${this.#errors}`)
      this.#waiting.set(order.id, {
        resolve: (result) => resolve(result as Awaited<ReturnType<Orders[N]>>),
        reject,
      })
      // Where that fails, the process is ending: 'exit' rejects with what it said.
      this.#process.send(order, () => undefined)
    })
  }

  async close(): Promise<void> {
    if (this.#closing || this.hasEnded) return
    this.#closing = true
    const ended = once(this.#process, 'exit')
    await this.ask('close')
    this.#process.disconnect()
    await ended
  }
}

/** The first by itself: it makes the tables. */
export async function launchInstances(options: InstancesOptions): Promise<Instance[]> {
  const instances: Instance[] = []
  try {
    instances.push(await Instance.launch(options))
    const others = Array.from({ length: INSTANCES - 1 }, () => Instance.launch(options))
    for (const launched of await Promise.allSettled(others)) {
      if (launched.status === 'rejected') throw launched.reason
      instances.push(launched.value)
    }
    return instances
  } catch (error) {
    await closeInstances(instances)
    throw error
  }
}

export async function closeInstances(instances: readonly Instance[]): Promise<void> {
  await Promise.all(instances.map((instance) => instance.close()))
}

/** The public part of a key. */
export const keyIdOf = (key: string): string => key.split('_').at(-2) ?? ''

/** Processes that send mail, with clocks that the test moves; they can be killed at any moment. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Answer, Order, Orders } from './sender.ts'

const SENDER = fileURLToPath(new URL('./sender.ts', import.meta.url))

export interface SenderOptions {
  readonly databaseUrl: string
  readonly smtpUrl: string
  /** What its clock says at first. */
  readonly nowMs: number
}

export class Sender {
  readonly #process: ChildProcess
  readonly #ended: Promise<never>
  #said = ''

  /** Fulfils when its gate is open. */
  static async launch(options: SenderOptions): Promise<Sender> {
    const sender = new Sender(options)
    await sender.#answer()
    return sender
  }

  private constructor({ databaseUrl, smtpUrl, nowMs }: SenderOptions) {
    const env = {
      ...process.env,
      ...{ LOCKGATE_DATABASE_URL: databaseUrl, LOCKGATE_SMTP_URL: smtpUrl },
      LOCKGATE_LOG_LEVEL: 'info',
    }
    this.#process = fork(SENDER, [String(nowMs)], {
      ...{ env, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
    })
    this.#process.stderr?.on('data', (chunk) => {
      this.#said += chunk
    })
    this.#ended = once(this.#process, 'exit').then(() => {
      throw new Error(`a sender has ended; it said: ${this.#said.slice(-4_000)}`)
    })
    this.#ended.catch(() => undefined)
  }

  /** All that it logged. */
  get said(): string {
    return this.#said
  }

  async ask<N extends keyof Orders>(
    name: N,
    ...args: Parameters<Orders[N]>
  ): Promise<Awaited<ReturnType<Orders[N]>>> {
    const answer = this.#answer()
    const order: Order = { name, args }
    // Where that fails, the process is ending, which rejects the answer.
    this.#process.send(order, () => undefined)
    const result = await answer
    return result as Awaited<ReturnType<Orders[N]>>
  }

  /** Fulfils when nothing is left of it. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#ended.catch(() => undefined)
  }

  async #answer(): Promise<unknown> {
    const answered: Promise<Answer[]> = once(this.#process, 'message')
    const [answer] = await Promise.race([answered, this.#ended])
    if (answer?.error !== undefined) throw new Error(answer.error)
    return answer?.result
  }
}

/** Lets time pass for all of them alike, so that no clock runs ahead by more than a step. */
export async function pass(senders: readonly Sender[], ms: number, stepMs = 10_000): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
    await Promise.all(senders.map((sender) => sender.ask('pass', stepMs)))
  }
}

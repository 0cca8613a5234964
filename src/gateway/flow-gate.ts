/** One flow with several who may hold it up: it goes on once all of them let it, until it is over. */
import type { Flow } from './client-side.ts'

export class FlowGate implements Flow {
  #flow: Flow | undefined
  #holders = 0

  constructor(flow: Flow) {
    this.#flow = flow
  }

  pause(): void {
    this.#holders++
    if (this.#holders === 1) this.#flow?.pause()
  }

  resume(): void {
    this.#holders--
    if (this.#holders === 0) this.#flow?.resume()
  }

  /** What it was made for may be used by others from now on. */
  end(): void {
    this.#flow = undefined
  }
}

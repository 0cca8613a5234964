/**
 * Load on one instance: requests at times that are fixed beforehand, whether those before them were
 * answered or not, and what became of each.
 */
import type { Logger } from '../../src/core/ports/logger.ts'

const TICK_MS = 4
/** A request without an answer for so long is a wrong answer. */
const HUNG_MS = 3_000

export interface LoadSchedule {
  /** Asked for one after the other, again and again. */
  readonly keys: readonly string[]
  readonly perSecond: number
}

export interface LoadRecord {
  readonly key: string
  readonly sentMs: number
  readonly answeredMs: number
  /** `allowed`, the code of a denial, `hung`, or an error. */
  readonly code: string
}

/** An outage of the counters as one instance saw it. */
export interface OutageSpan {
  readonly beganMs: number
  readonly endedMs: number
}

export interface LoadReport {
  readonly records: readonly LoadRecord[]
  /** One that goes on ends with the report here, and is in the next one again. */
  readonly outages: readonly OutageSpan[]
}

/** The same for all processes of a machine. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6

export class Load {
  #records: LoadRecord[] = []
  #outages: OutageSpan[] = []
  #outageBeganMs: number | undefined
  readonly #inFlight = new Set<{ readonly key: string; readonly sentMs: number }>()
  #timer: NodeJS.Timeout | undefined

  /** For the gate: tells when an outage of its counters begins and ends. */
  readonly log: Logger = {
    debug() {},
    error() {},
    warn: (_fields, message) => {
      if (message.startsWith('the shared counters cannot be used')) {
        this.#outageBeganMs = monotonicMs()
      }
    },
    info: (_fields, message) => {
      const beganMs = this.#outageBeganMs
      if (message !== 'the shared counters are back' || beganMs === undefined) return
      this.#outages.push({ beganMs, endedMs: monotonicMs() })
      this.#outageBeganMs = undefined
    },
  }

  start({ keys, perSecond }: LoadSchedule, codeOf: (key: string) => Promise<string>): void {
    const beganMs = monotonicMs()
    let sent = 0
    this.#timer = setInterval(() => {
      const due = ((monotonicMs() - beganMs) * perSecond) / 1_000
      for (; sent < due; sent++) void this.#send(keys[sent % keys.length] ?? '', codeOf)
    }, TICK_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** What was answered since the last call, and what hangs; the outages, too. */
  async take(): Promise<LoadReport> {
    const deadlineMs = monotonicMs() + HUNG_MS
    const asked = [...this.#inFlight]
    while (asked.some((one) => this.#inFlight.has(one)) && monotonicMs() < deadlineMs) {
      await new Promise((resolve) => setTimeout(resolve, TICK_MS))
    }
    const records = this.#records
    for (const one of asked) {
      if (!this.#inFlight.delete(one)) continue
      records.push({ ...one, answeredMs: deadlineMs, code: 'hung' })
    }
    const outages = this.#outages
    const goesOnSinceMs = this.#outageBeganMs
    if (goesOnSinceMs !== undefined) {
      outages.push({ beganMs: goesOnSinceMs, endedMs: monotonicMs() })
    }
    this.#records = []
    this.#outages = []
    return { records, outages }
  }

  async #send(key: string, codeOf: (key: string) => Promise<string>): Promise<void> {
    const one = { key, sentMs: monotonicMs() }
    this.#inFlight.add(one)
    const code = await codeOf(key).catch(String)
    if (this.#inFlight.delete(one)) {
      this.#records.push({ ...one, answeredMs: monotonicMs(), code })
    }
  }
}

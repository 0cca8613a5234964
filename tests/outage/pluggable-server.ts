/**
 * A counter server that can be unplugged: real counters in memory, shared by all that connect to it,
 * behind a plug. Not a mock of a database: what it answers while it is plugged in is decided by the
 * same rules as everywhere.
 */
import { CountersUnavailableError } from '../../src/core/errors.ts'
import type { Clock } from '../../src/core/ports/clock.ts'
import type { LocalUsage, SharedCounters } from '../../src/core/ports/counters.ts'
import { createMemoryCounters, type MemoryCounters } from '../../src/counters/memory/index.ts'

/**
 * `refusing`: each call fails at once. `silent`: no call is carried out or answered. `mute`: calls
 * are carried out, and answered by `answerHeld`.
 */
export type Plug = 'in' | 'refusing' | 'silent' | 'mute'

export class PluggableServer {
  plug: Plug = 'in'
  /** The methods that were called, in order. */
  readonly called: string[] = []
  /** Methods that fail even while the plug is in. */
  readonly broken = new Set<string>()
  readonly #clock: Clock
  readonly #leases = new Map<string, number>()
  readonly #held: (() => void)[] = []
  #counters: MemoryCounters

  constructor(clock: Clock) {
    this.#clock = clock
    this.#counters = createMemoryCounters({ clock })
  }

  /** What `mute` kept back. */
  answerHeld(): void {
    for (const answer of this.#held.splice(0)) answer()
  }

  /** As after a crash without persistence. */
  loseData(): void {
    this.#counters = createMemoryCounters({ clock: this.#clock })
    this.#leases.clear()
  }

  connect(): SharedCounters {
    return {
      consume: (request) => this.#call('consume', () => this.#counters.consume(request)),
      peek: (request) => this.#call('peek', () => this.#counters.peek(request)),
      settle: (receipt, costs) => this.#call('settle', () => this.#counters.settle(receipt, costs)),
      setKeyVersion: (keyId, version) =>
        this.#call('setKeyVersion', () => this.#counters.setKeyVersion(keyId, version)),
      nowMs: () => this.#call('nowMs', () => this.#counters.nowMs()),
      seed: (seeds) => this.#call('seed', () => this.#counters.seed(seeds)),
      settleHold: (hold, actual) =>
        this.#call('settleHold', () => this.#counters.settleHold(hold, actual)),
      spendStatus: (charges) =>
        this.#call('spendStatus', () => this.#counters.spendStatus(charges)),
      probe: () => this.#call('probe', () => {}),
      heartbeat: (id, leaseMs) => this.#call('heartbeat', () => this.#alive(id, leaseMs)),
      merge: (usage) => this.#call('merge', () => this.#merge(usage)),
      close: () => void this.called.push('close'),
    }
  }

  #call<T>(method: string, carryOut: () => T): Promise<T> {
    this.called.push(method)
    if (this.plug === 'silent') return new Promise(() => {})
    if (this.plug === 'refusing' || this.broken.has(method)) {
      return Promise.reject(new CountersUnavailableError('unreachable', 'the plug is out'))
    }
    const answer = new Promise<T>((resolve) => resolve(carryOut()))
    if (this.plug === 'in') return answer
    return new Promise((resolve) => this.#held.push(() => resolve(answer)))
  }

  #alive(id: string, leaseMs: number): string[] {
    const nowMs = this.#clock.monotonicMs()
    this.#leases.set(id, nowMs + leaseMs)
    for (const [one, untilMs] of this.#leases) if (untilMs <= nowMs) this.#leases.delete(one)
    return [...this.#leases.keys()].sort()
  }

  #merge(usage: readonly LocalUsage[]): void {
    const nowMs = this.#clock.monotonicMs()
    this.#counters.restoreUsage(
      usage.map(({ subject, limits, agesMs }) => ({
        subject,
        admissionsMs: agesMs.map((ageMs) => nowMs - ageMs),
        expiresAtMs: nowMs + 2 * Math.max(...limits.map(({ windowMs }) => windowMs)),
        meters: {},
      })),
    )
  }
}

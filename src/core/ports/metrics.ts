/**
 * The Metrics ports: what the gate and the gateway tell whoever counts them.
 *
 * Called on the way of requests, so an implementation adds to plain numbers and nothing more; it
 * never throws and keeps nothing of what it is given. No method receives a key, a key_id, an owner,
 * an address or a path: what is counted must not grow with who calls.
 */
import type { AuditEvent } from '../audit.ts'
import type { DenialCode } from '../decision.ts'

export type Outcome = 'allowed' | DenialCode

/** The gate's state at one moment. */
export interface GateReadings {
  /** Folded audit entries that are not written yet. */
  readonly auditQueue: number
  /** Slow hashes that run, and that wait. */
  readonly hashingRunning: number
  readonly hashingQueued: number
  readonly cachedKeys: number
  /** Whether the shared counters are gone, how often they went, and what was decided meanwhile. */
  readonly countersOutage: boolean
  readonly countersOutages: number
  readonly localDecisions: number
}

export interface GateMetrics {
  /** A decision; `tier` is undefined where no key is known that it could be of. */
  decided(outcome: Outcome, tier: string | undefined): void
  /** How long a decision was waited for; only of those that could not be made at once. */
  waited(durationMs: number): void
  /** A call of the store failed. */
  storeFailed(): void
  /** The store has taken rows of the audit log. */
  auditWritten(event: AuditEvent, rows: number): void
  /** Called once by the gate: where its state can be read whenever somebody asks. */
  watch(readings: () => GateReadings): void
}

export interface GatewayMetrics {
  /** A request has arrived. */
  began(): void
  /** Its answer is out or was cut. `status` is undefined where the client left before there was any. */
  ended(route: string, status: number | undefined): void
  /** From sending a request to the upstream until its response headers. */
  upstreamAnswered(durationMs: number): void
}

const nothing = (): void => undefined

export const NO_GATE_METRICS: GateMetrics = Object.freeze({
  ...{ decided: nothing, waited: nothing, storeFailed: nothing },
  ...{ auditWritten: nothing, watch: nothing },
})

export const NO_GATEWAY_METRICS: GatewayMetrics = Object.freeze({
  ...{ began: nothing, ended: nothing, upstreamAnswered: nothing },
})

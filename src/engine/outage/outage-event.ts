/** What is told about an outage of the shared counters: to health, to the audit log, to metrics. */
import type { AuditEntry } from '../../core/audit.ts'
import type { CountersFailure } from '../../core/errors.ts'
import type { OutagePolicy } from './alone.ts'

/** An outage that goes on. */
export interface Outage {
  /** When it began, wall time. */
  readonly sinceMs: number
  readonly reason: CountersFailure
  readonly policy: OutagePolicy
}

export type OutageEvent =
  | { readonly kind: 'began'; readonly outage: Outage }
  | {
      readonly kind: 'ended'
      readonly outage: Outage
      readonly durationMs: number
      /** Decisions that this instance made by itself. */
      readonly localDecisions: number
    }

export type OutageListener = (event: OutageEvent) => void

const CONSEQUENCES: Readonly<Record<OutagePolicy, string>> = {
  local: 'each instance enforces its share',
  closed: 'requests are refused',
  open: 'requests are not limited',
}

/** For health: since when, and what follows from it. */
export function reasonOf({ sinceMs, policy }: Outage): string {
  return `counters unreachable since ${new Date(sinceMs).toISOString()}: ${CONSEQUENCES[policy]}`
}

export function auditEntryOf(event: OutageEvent, actor: string): AuditEntry {
  const { sinceMs, reason, policy } = event.outage
  const about = { keyId: null, actor, address: null, requestId: null, count: 1 }
  if (event.kind === 'began') {
    return { ...about, atMs: sinceMs, event: 'outage.began', details: { reason, policy } }
  }
  const { durationMs, localDecisions } = event
  return {
    ...{ ...about, atMs: sinceMs + durationMs, event: 'outage.ended' },
    details: { reason, policy, duration_ms: durationMs, local_decisions: localDecisions },
  }
}

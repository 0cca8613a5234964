/**
 * The gate's health, read from what is known already: how the store's last call went, which of the
 * rounds' tasks fail, whether the shared counters are gone. Asking costs no I/O, so anybody may ask
 * as often as they like; within a second of any change the answer follows, since the rounds read and
 * write each second and look for a store that failed.
 */
import { STORE_OUTAGE_GRACE_MS } from './freshness.ts'
import type { GateHealth, HealthCheck } from './gate.ts'
import { type Outage, reasonOf } from './outage/outage-event.ts'
import type { StoreState } from './watched-store.ts'

const OK: HealthCheck = Object.freeze({ status: 'ok' })

export interface HealthParts {
  readonly store: Pick<StoreState, 'fails' | 'silentMs'>
  /** Names of the rounds' tasks that fail. */
  readonly failing: readonly string[]
  /** Changes of keys by other instances cannot be read. */
  readonly feedFails: boolean
  /** The outage of the shared counters that goes on. */
  readonly outage: Outage | undefined
}

export function healthOf({ store, failing, feedFails, outage }: HealthParts): GateHealth {
  const unsaved = failing.map((task) => `${task} cannot be saved`)
  const audit = unsaved.filter((reason) => reason.startsWith('audit'))
  const usage = unsaved.filter((reason) => reason.startsWith('usage'))
  const checks = {
    store: storeCheck(store),
    counters: countersCheck(outage, usage),
    audit: audit.length === 0 ? OK : degraded(audit.join('; ')),
  }
  const reasons = [...unsaved]
  if (store.fails) reasons.unshift(checks.store.detail ?? '')
  if (feedFails) reasons.push('changes of keys cannot be read')
  if (outage !== undefined) reasons.unshift(reasonOf(outage))
  return { status: reasons.length === 0 ? 'ready' : 'degraded', reasons, checks }
}

function storeCheck({ fails, silentMs }: HealthParts['store']): HealthCheck {
  if (!fails) return OK
  if (silentMs <= STORE_OUTAGE_GRACE_MS) {
    return degraded('the store fails; keys that were verified within the last minute go on')
  }
  return { status: 'down', detail: 'the store fails; no key can be checked' }
}

function countersCheck(outage: Outage | undefined, unsaved: readonly string[]): HealthCheck {
  if (outage !== undefined) {
    const detail = reasonOf(outage)
    return outage.policy === 'closed' ? { status: 'down', detail } : degraded(detail)
  }
  return unsaved.length === 0 ? OK : degraded(unsaved.join('; '))
}

const degraded = (detail: string): HealthCheck => ({ status: 'degraded', detail })

/**
 * Whether the use of a key is strange. Two rules, simple enough to be foretold:
 *
 *   `new_networks`  within the last hour the key was used from at least N networks that it was never
 *                   seen in before. Only for a key that was first used more than a day ago, and in at
 *                   least 3 clock hours before that last hour.
 *   `rate`          in this clock hour, or the one before it, the key made at least F times the requests
 *                   of its mean busy hour, and at least 100. Only for a key that was busy in at least
 *                   12 clock hours of the 8 days before.
 *
 * So a new key never raises an alarm: nothing is known of it. What the rules miss: a thief in the
 * owner's network, or in a few; a thief who is patient; any use of a key in its first day; a burst that
 * two clock hours share. False alarms: an app on phones, whose networks never end (64 are remembered); an
 * owner who moves to another cloud; a monthly job on a key that is quiet otherwise. Therefore warning is
 * the default, and the mail lets the owner keep the key with one click.
 */
import type { KeyActivity } from '../../core/ports/activity.ts'
import type { AnomalySettings } from '../../core/settings.ts'

export interface Strangeness {
  readonly reason: 'new_networks' | 'rate'
  /** New networks of the last hour, or requests of the strange hour. */
  readonly seen: number
  /** Networks known before, or requests of the mean busy hour, rounded. */
  readonly usual: number
  /** Where from, the newest first; those that are new where that is the reason. At most 8. */
  readonly networks: readonly string[]
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const BASELINE_MS = 8 * DAY_MS
const MIN_HOURS_BEFORE = 3
const MIN_BUSY_HOURS = 12
const MIN_REQUESTS = 100
const NETWORKS_SHOWN = 8

type Rules = Pick<AnomalySettings, 'newNetworks' | 'baselineFactor'>

/** `nowMs` is wall time. undefined: nothing strange. */
export function strangenessOf(
  activity: KeyActivity,
  nowMs: number,
  rules: Rules,
): Strangeness | undefined {
  return fromNewNetworks(activity, nowMs, rules) ?? inRate(activity, nowMs, rules)
}

function fromNewNetworks(
  { firstUsedAtMs, networks, hours }: KeyActivity,
  nowMs: number,
  rules: Rules,
): Strangeness | undefined {
  const sinceMs = nowMs - HOUR_MS
  const hoursBefore = hours.filter(({ startMs }) => startMs + HOUR_MS <= sinceMs)
  if (firstUsedAtMs >= nowMs - DAY_MS || hoursBefore.length < MIN_HOURS_BEFORE) return undefined
  const fresh = networks.filter((network) => network.firstUsedAtMs > sinceMs)
  if (fresh.length < rules.newNetworks) return undefined
  return {
    reason: 'new_networks',
    seen: fresh.length,
    usual: networks.length - fresh.length,
    networks: shown(fresh),
  }
}

/** The hour before is looked at, too, so that its last minutes are not passed over. */
function inRate(activity: KeyActivity, nowMs: number, rules: Rules): Strangeness | undefined {
  const thisHourMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS
  return inHour(activity, thisHourMs, rules) ?? inHour(activity, thisHourMs - HOUR_MS, rules)
}

function inHour(
  { hours, networks }: KeyActivity,
  hourMs: number,
  rules: Rules,
): Strangeness | undefined {
  const seen = hours.find(({ startMs }) => startMs === hourMs)?.requests ?? 0
  if (seen < MIN_REQUESTS) return undefined
  const busy = hours.filter(
    ({ startMs, requests }) => startMs < hourMs && startMs >= hourMs - BASELINE_MS && requests > 0,
  )
  if (busy.length < MIN_BUSY_HOURS) return undefined
  const usual = busy.reduce((sum, { requests }) => sum + requests, 0)
  // Whole numbers on both sides, so that exactly ten times is ten times.
  if (seen * busy.length < rules.baselineFactor * usual) return undefined
  const used = networks.filter(({ lastUsedAtMs }) => lastUsedAtMs >= hourMs)
  return {
    reason: 'rate',
    seen,
    usual: Math.round(usual / busy.length),
    networks: shown(used),
  }
}

const shown = (networks: KeyActivity['networks']): string[] =>
  networks.slice(0, NETWORKS_SHOWN).map(({ network }) => network)

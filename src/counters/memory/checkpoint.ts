/**
 * Saving and loading usage: what changed in a subject since it was last saved, and back.
 *
 * A checkpoint holds only units admitted since the one before, so it costs the same per admission
 * however long the window is. Meters are a few numbers and are saved whole, as
 * [rule, quota, window, state …] by limit name.
 *
 * A unit that is given back before it is saved is never saved. One that is given back later stays in
 * what was saved, and counts again after a restart until it leaves its window: too little is
 * admitted then, never too much.
 */
import {
  FIXED,
  meterLength,
  NEVER,
  type PlannedLimit,
  type Planner,
} from '../../core/limits/plan.ts'
import type { UsageDelta } from '../../core/ports/counters.ts'
import { SAVED, Subject } from './subject.ts'

/** Rule, quota and window come before a meter's own numbers. */
const METER_HEADER = 3

/** What is not saved yet; marks it as saved. */
export function takeDelta(subject: Subject, nowMs: number): UsageDelta {
  const { ring, plan } = subject
  const admissionsMs: number[] = []
  for (let index = Math.max(0, ring.count - subject.unsaved); index < ring.count; index += 1) {
    admissionsMs.push(ring.timeAt(index))
  }
  subject.unsaved = SAVED
  return {
    subject: subject.name,
    admissionsMs,
    expiresAtMs: (admissionsMs.at(-1) ?? nowMs) + plan.lifetimeMs,
    meters: saveMeters(subject),
  }
}

function saveMeters(subject: Subject): Record<string, readonly number[]> {
  const saved: [string, readonly number[]][] = []
  for (const { name, rule, quota, windowMs, slot } of subject.plan.limits) {
    const state = subject.meters.slice(slot, slot + meterLength(rule))
    if (state.length === 0 || state[0] === NEVER) continue
    saved.push([name, [rule, quota, windowMs, ...state]])
  }
  return Object.fromEntries(saved)
}

/** A subject as it was saved, for limits that are not known yet. Times in the future become now. */
export function restoreDelta(
  planner: Planner,
  subject: Subject | undefined,
  delta: UsageDelta,
  nowMs: number,
): Subject {
  const newestMs = Math.min(delta.admissionsMs.at(-1) ?? nowMs, nowMs)
  const lifetimeMs = Math.max(delta.expiresAtMs - newestMs, subject?.plan.lifetimeMs ?? 0, 0)
  const known = subject === undefined ? {} : saveMeters(subject)
  const { limits, meters } = readMeters({ ...known, ...delta.meters }, nowMs)
  const plan = planner.planOfSaved(limits, lifetimeMs)
  const restored = subject ?? new Subject(delta.subject, plan, nowMs)
  restored.adopt(plan, nowMs)
  restored.meters = meters
  for (const atMs of delta.admissionsMs) {
    const newest = restored.ring.count === 0 ? 0 : restored.ring.timeAt(restored.ring.count - 1)
    const admittedMs = Math.max(newest, Math.min(atMs, nowMs))
    restored.ring.push(admittedMs, 1, plan)
  }
  return restored
}

/** Meters that make no sense are left out: their limits start fresh. */
function readMeters(
  saved: UsageDelta['meters'],
  nowMs: number,
): { readonly limits: PlannedLimit[]; readonly meters: number[] } {
  const limits: PlannedLimit[] = []
  const meters: number[] = []
  for (const [name, numbers] of Object.entries(saved)) {
    const [rule = 0, quota = 0, windowMs = 0, atMs = 0] = numbers
    const length = meterLength(rule)
    const whole = numbers.every((number) => Number.isSafeInteger(number) && number >= 0)
    if (!whole || length === 0 || numbers.length !== METER_HEADER + length) continue
    if (quota < 1 || windowMs < 1) continue
    const slot = meters.length
    limits.push({ name, quota, windowMs, rule, extraQuota: 0, burstMs: 0, slot })
    const pastMs = rule === FIXED ? nowMs - (nowMs % windowMs) : nowMs
    meters.push(Math.min(atMs, pastMs), ...numbers.slice(METER_HEADER + 1))
  }
  return { limits, meters }
}

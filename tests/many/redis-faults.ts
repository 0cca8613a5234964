/**
 * Four instances under 500 requests a second while one fault after the other strikes their Redis, and
 * what Lockgate promises for it (`docs/guides/outages.md`): who is answered and how fast, how much is
 * admitted, and when all is well again.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { testDatabase } from '../servers/postgres.ts'
import type { Fault, Victim } from './faults.ts'
import { closeInstances, type Instance, launchInstances } from './instances.ts'
import { type LoadReport, monotonicMs } from './load.ts'
import { fullestWindows, isRight, percentile } from './tally.ts'

const REQUESTS_PER_SECOND = 500
const QUOTA = 50
const WINDOW_MS = 2_000
/** Keys that are asked for more often than their limit allows, and others. */
const BUSY_KEYS = 4
const QUIET_KEYS = 26
/** Longer than a window, so that some lie wholly between two outages. */
const CALM_MS = WINDOW_MS + 500
/** A busy machine may take long; instances that do not recover take for ever. */
const PATIENCE_MS = 15_000
const POLL_MS = 10

const CONFIG = {
  keys: { argon2id: { memoryKiB: 8, passes: 1 } },
  tiers: { free: { limits: [{ name: 'window', quota: QUOTA, window: WINDOW_MS }] } },
  ip: false,
} as const

/** One time that the fault struck. */
interface Round {
  readonly beganMs: number
  readonly endedMs: number
  readonly recoveredMs: number
}

export interface Figures {
  readonly fault: string
  readonly rounds: number
  readonly requests: number
  /** Neither admitted nor refused with 429. */
  readonly wrong: Readonly<Record<string, number>>
  /** Decision time within a second of the fault's beginning, and after that. */
  readonly p99FirstSecondMs: number
  readonly p99LaterMs: number
  /** Most admissions of a key, whose limit is `QUOTA`. */
  readonly fullestOutside: number
  readonly fullestOverlapping: number
  readonly slowestRecoveryMs: number
}

/** Lets the fault strike `rounds` times. */
export async function suffer(fault: Fault, rounds: number): Promise<Figures> {
  const database = await testDatabase()
  const victim = await fault.start()
  let instances: Instance[] = []
  try {
    const options = { databaseUrl: database.url, redisUrl: victim.url, config: CONFIG }
    instances = await launchInstances(options)
    await startLoad(instances)
    const done: Round[] = []
    const reports: LoadReport[] = []
    for (let round = 0; round < rounds; round++) {
      await allReady(instances)
      done.push(await strike(victim, instances))
      reports.push(...(await Promise.all(instances.map((instance) => instance.ask('takeLoad')))))
      await victim.restore?.()
    }
    return figuresOf(fault, done, reports)
  } finally {
    await closeInstances(instances)
    await victim.stop()
    await database.stop()
  }
}

/** Every second request is for a busy key, so each of those is asked for more than twice too often. */
async function startLoad(instances: readonly Instance[]): Promise<void> {
  const keys: string[] = []
  for (let key = 0; key < BUSY_KEYS + QUIET_KEYS; key++) {
    keys.push((await instances[0]?.ask('issue')) ?? '')
  }
  const busy = keys.slice(0, BUSY_KEYS)
  const schedule = keys
    .slice(BUSY_KEYS)
    .flatMap((key, index) => [key, busy[index % BUSY_KEYS] ?? ''])
  // Verified once before the load, so that each has its fingerprint.
  for (const instance of instances) for (const key of keys) await instance.ask('codeOf', key)
  const perSecond = REQUESTS_PER_SECOND / instances.length
  for (const [index, instance] of instances.entries()) {
    const turned = [...schedule.slice(index), ...schedule.slice(0, index)]
    await instance.ask('startLoad', { keys: turned, perSecond })
  }
  await sleep(CALM_MS)
}

async function strike(victim: Victim, instances: readonly Instance[]): Promise<Round> {
  const beganMs = monotonicMs()
  await victim.strike()
  const endedMs = monotonicMs()
  await allReady(instances)
  const recoveredMs = monotonicMs()
  await sleep(CALM_MS)
  return { beganMs, endedMs, recoveredMs }
}

/** Three times in a row: a glimpse of a server that is going away again is no recovery. */
async function allReady(instances: readonly Instance[]): Promise<void> {
  const deadlineMs = monotonicMs() + PATIENCE_MS
  for (let inARow = 0; inARow < 3; ) {
    const ready = await Promise.all(instances.map((instance) => instance.ask('isReady')))
    inARow = ready.every(Boolean) ? inARow + 1 : 0
    assert.ok(monotonicMs() < deadlineMs, 'all instances recover')
    await sleep(POLL_MS)
  }
}

function figuresOf(
  fault: Fault,
  rounds: readonly Round[],
  reports: readonly LoadReport[],
): Figures {
  const records = reports.flatMap((report) => report.records)
  const outages = reports.flatMap((report) => report.outages)
  const windows = fullestWindows(records, outages, WINDOW_MS)
  const wrong = Map.groupBy(
    records.filter((record) => !isRight(record)),
    ({ code }) => code,
  )
  const tookMs = { first: [] as number[], later: [] as number[] }
  for (const { sentMs, answeredMs } of records) {
    const isFirst = rounds.some(({ beganMs }) => sentMs >= beganMs && sentMs < beganMs + 1_000)
    tookMs[isFirst ? 'first' : 'later'].push(answeredMs - sentMs)
  }
  return {
    ...{ fault: fault.name, rounds: rounds.length, requests: records.length },
    wrong: Object.fromEntries([...wrong].map(([code, { length }]) => [code, length])),
    p99FirstSecondMs: percentile(tookMs.first, 0.99),
    p99LaterMs: percentile(tookMs.later, 0.99),
    fullestOutside: windows.outside,
    fullestOverlapping: windows.overlapping,
    slowestRecoveryMs: Math.max(...rounds.map((round) => round.recoveredMs - round.endedMs)),
  }
}

/** What is promised and not kept. */
export function broken(figures: Figures, { bound }: Fault): string[] {
  const wrong = Object.values(figures.wrong).reduce((sum, count) => sum + count, 0)
  const promises: Readonly<Record<string, boolean>> = {
    '99.9% are answered rightly': wrong <= figures.requests / 1_000,
    'p99 is at most 300 ms in the first second': figures.p99FirstSecondMs <= 300,
    'p99 is at most 50 ms after it': figures.p99LaterMs <= 50,
    'no window outside the outage holds more than the quota': figures.fullestOutside <= QUOTA,
    [`none that overlaps it more than ${bound} times`]: figures.fullestOverlapping <= bound * QUOTA,
    'all recover within 2 s': figures.slowestRecoveryMs <= 2_000,
  }
  return Object.keys(promises).filter((promise) => promises[promise] === false)
}

export function lineOf(figures: Figures): string {
  const { fault, rounds, requests, wrong, p99FirstSecondMs, p99LaterMs } = figures
  const { fullestOutside, fullestOverlapping, slowestRecoveryMs } = figures
  return [
    `${fault}, ${rounds} times: ${requests} requests, wrong ${JSON.stringify(wrong)}`,
    `p99 ${p99FirstSecondMs.toFixed(1)} ms in the first second, ${p99LaterMs.toFixed(1)} ms later`,
    `at most ${fullestOverlapping} of ${QUOTA} in a window that overlaps, ${fullestOutside} in others`,
    `recovered within ${Math.round(slowestRecoveryMs)} ms`,
  ].join('; ')
}

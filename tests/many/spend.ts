/**
 * Four instances, each a process of its own, and 1,000 callers at once who want more than a cap holds. In
 * round after round exactly as many are admitted as fit, wherever the cap is: with the key, its owner,
 * its tier or the account. Where two caps bind at once in different slots of a Cluster, callers may get
 * in each other's way, so fewer may be admitted at once; but never too many, and no money stays behind.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Counters, SpendCharge } from '../../src/core/ports/counters.ts'
import type { Amount } from '../../src/core/spend/amount.ts'
import type { SpendCap, SpendScope } from '../../src/core/spend/caps.ts'
import { spendSubject } from '../../src/core/subject.ts'
import { createRedisCounters } from '../../src/counters/redis/index.ts'
import { connectionTo, ownPrefix } from '../counters/rig.ts'
import type { Storm, StormResult } from './spend-instance.ts'

const INSTANCE = fileURLToPath(new URL('./spend-instance.ts', import.meta.url))
const INSTANCES = 4
const CALLERS = 250
const AMPLE = 2 ** 40

/** Rounds by what was admitted: `exact`, `fewer` than fit, or what went wrong. */
export type SpendTally = Readonly<Record<string, number>>

export async function playSpend(redisUrl: string, rounds: number): Promise<SpendTally> {
  const keyPrefix = ownPrefix()
  const counters = createRedisCounters({ connection: await connectionTo(redisUrl), keyPrefix })
  const instances = Array.from({ length: INSTANCES }, () =>
    fork(INSTANCE, [redisUrl, keyPrefix], { execArgv: [] }),
  )
  try {
    await Promise.all(instances.map((instance) => once(instance, 'message')))
    const tally: Record<string, number> = {}
    for (let round = 0; round < rounds; round += 1) {
      const result = await playRound(counters, instances, round)
      tally[result] = (tally[result] ?? 0) + 1
    }
    return tally
  } finally {
    await Promise.all(instances.map(end))
    await counters.close()
  }
}

async function end(instance: ChildProcess): Promise<void> {
  if (instance.exitCode !== null || instance.signalCode !== null) return
  const ended = once(instance, 'exit')
  instance.disconnect()
  await ended
}

async function playRound(
  counters: Counters,
  instances: readonly ChildProcess[],
  round: number,
): Promise<string> {
  const amount = { microUsd: 1 + (round % 7) * 1_000, tokens: 1 + (round % 5) }
  const fitting = 1 + ((round * 37) % 120)
  const binding = round % 5
  const charges = chargesOf(round, binding, amount, fitting)
  const storm = { callers: CALLERS, amount, charges }
  const results = await Promise.all(instances.map((instance) => play(instance, storm)))
  const taken = results.flatMap((result) => result.taken)
  const strange = results
    .flatMap((result) => result.refused)
    .find((name) => !charges.some(({ caps }) => caps.some((cap) => cap.name === name)))
  if (strange !== undefined) return strange
  if (taken.length > fitting) return `${taken.length - fitting} too many`
  const told = await settledAsTold(counters, charges, taken, amount)
  if (told !== undefined) return told
  if (taken.length === fitting) return 'exact'
  return binding === 4 ? 'fewer' : `${fitting - taken.length} too few`
}

function play(instance: ChildProcess, storm: Storm): Promise<StormResult> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error('an instance has ended'))
    instance.once('exit', ended)
    instance.once('message', (result: StormResult) => {
      instance.off('exit', ended)
      resolve(result)
    })
    // Where that fails, the instance is ending.
    instance.send(storm, () => undefined)
  })
}

/** A cap that so many fit binds for one of the four subjects; with 4, for all of them. */
function chargesOf(round: number, binding: number, amount: Amount, fitting: number): SpendCharge[] {
  const keyId = round.toString(36).padStart(8, '0')
  const scopes: readonly SpendScope[] = [
    { kind: 'key', id: keyId },
    { kind: 'owner', id: `${keyId}@example.com` },
    { kind: 'tier', id: `tier {${keyId}}` },
    { kind: 'account', id: '' },
  ]
  const windows = ['minute', 'day', 'month'] as const
  const window = windows[round % 3] ?? 'day'
  const unit = round % 2 === 0 ? 'micro_usd' : 'tokens'
  const each = unit === 'tokens' ? amount.tokens : amount.microUsd
  return scopes.map((scope, index) => {
    // There is one account only, and rounds before this one spent from it.
    const own = scope.kind === 'account' ? { kind: 'tier' as const, id: `account ${keyId}` } : scope
    const ample: SpendCap = { name: `${scope.kind}_ample`, unit, window: 'day', quota: AMPLE }
    const quota = fitting * each + (each - 1)
    const tight: SpendCap = { name: `${scope.kind}_tight`, unit, window, quota }
    const binds = binding === index || binding === 4
    return { subject: spendSubject(own), caps: binds ? [ample, tight] : [ample] }
  })
}

/** Exactly what was admitted is held, then exactly its cost is spent, by all subjects. */
async function settledAsTold(
  counters: Counters,
  charges: readonly SpendCharge[],
  taken: readonly string[],
  { microUsd, tokens }: Amount,
): Promise<string | undefined> {
  const held = await usedBy(counters, charges)
  const each = held.unit === 'tokens' ? tokens : microUsd
  if (held.used.some((used) => used !== taken.length * each)) return `held ${held.used}`
  const atMs = await counters.nowMs()
  const ends = taken.map((id) =>
    counters.settleHold({ id, atMs, charges }, { microUsd: 1, tokens: 1 }),
  )
  await Promise.all(ends)
  const spent = await usedBy(counters, charges)
  return spent.used.some((used) => used !== taken.length) ? `spent ${spent.used}` : undefined
}

async function usedBy(
  counters: Counters,
  charges: readonly SpendCharge[],
): Promise<{ readonly unit: SpendCap['unit'] | undefined; readonly used: readonly number[] }> {
  const statuses = (await counters.spendStatus(charges)).map(([first]) => first)
  return { unit: statuses[0]?.cap.unit, used: statuses.map((status) => status?.used ?? -1) }
}

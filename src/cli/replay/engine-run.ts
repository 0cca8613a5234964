/**
 * The night through the real engine on a simulated clock: gate, exact windows, SQLite (in memory)
 * and audit as in production; only HTTP and the waiting are left out. Six hours take some seconds.
 */
import { resolveSettings } from '../../config/index.ts'
import { ERRORS } from '../../core/errors.ts'
import type { Clock } from '../../core/ports/clock.ts'
import { type Amount, NO_USAGE } from '../../core/spend/amount.ts'
import type { Gate } from '../../engine/gate.ts'
import { openGate } from '../../lockgate.ts'
import { createTestClock, type TestClock } from '../../testing/test-clock.ts'
import { auditAccount } from './audit-account.ts'
import { type Caller, callerOf, createCallers } from './callers.ts'
import { ledgerMicroUsd } from './ledger-account.ts'
import type { Progress } from './progress.ts'
import { CALL_MICRO_USD, CAPS, type Scenario } from './scenarios.ts'
import { type ScenarioResult, Tally } from './tally.ts'
import { type Call, START_MS } from './trace.ts'

export interface RunOptions {
  readonly trace: readonly Call[]
  readonly progress: Progress
}

export async function runInEngine(
  scenario: Scenario,
  options: RunOptions,
): Promise<ScenarioResult> {
  const clock = createTestClock(START_MS)
  if (scenario.keys === null) return runScenario(scenario, options, clock)
  const gate = await openReplayGate(scenario, clock)
  try {
    return await runScenario(scenario, options, clock, gate)
  } finally {
    await gate.close()
  }
}

async function runScenario(
  scenario: Scenario,
  { trace, progress }: RunOptions,
  clock: TestClock,
  gate?: Gate,
): Promise<ScenarioResult> {
  const startedMs = performance.now()
  const callers = gate === undefined ? undefined : await createCallers(gate, scenario)
  const scraper = new Tally()
  const users = new Tally()
  for (const [index, { atMs, caller }] of trace.entries()) {
    // The audit folds repeats within a second, so every simulated second ends with a flush.
    if (gate !== undefined && secondOf(atMs) > secondOf(clock.wallMs())) await gate.audit.flush()
    clock.advance(atMs - clock.wallMs())
    const status =
      gate === undefined || callers === undefined
        ? 200
        : await ask(gate, callerOf(callers, caller, index), index)
    const tally = caller === 0 ? scraper : users
    tally.add(atMs, status)
    progress.at(index + 1)
  }
  return {
    ...{ scenario, scraper: scraper.outcome(), users: users.outcome() },
    audit: gate === undefined ? null : await auditAccount(gate),
    ledgerMicroUsd: await ledgerMicroUsd(gate),
    elapsedMs: performance.now() - startedMs,
  }
}

const secondOf = (ms: number): number => Math.floor(ms / 1000)

function openReplayGate({ isCapped }: Scenario, clock: Clock): Promise<Gate> {
  const config = {
    // In memory: 17,000 simulated seconds would otherwise wait for as many writes to the disk.
    databaseUrl: 'sqlite::memory:',
    // A key is hashed once; what the night is about comes after it.
    keys: { argon2id: { memoryKiB: 1024, passes: 1 } },
    ...(isCapped ? CAPS : {}),
  }
  return openGate(resolveSettings(config, { LOCKGATE_LOG_LEVEL: 'warn' }), { clock, chores: false })
}

const COST: Amount = { microUsd: CALL_MICRO_USD, tokens: 0 }

/** The status that the gateway would send for this call. */
async function ask(gate: Gate, { key, address }: Caller, index: number): Promise<number> {
  const decision = await gate.check({
    ...{ presentedKey: key, address, requestId: `replay-${index}`, scope: 'write' },
    ...(gate.spend === null ? {} : { spend: { model: null, amount: COST } }),
  })
  if (!decision.allowed) return ERRORS[decision.code].status
  decision.reservation?.settle(COST, NO_USAGE)
  gate.settle(decision)
  return 200
}

/** Gates that spend money, on one database file: with a clock to move, and stores that fail or die. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { resolveSettings } from '../../src/config/resolve-settings.ts'
import type { AuditEvent, AuditRow } from '../../src/core/audit.ts'
import type { Decision, Denied, Reservation } from '../../src/core/decision.ts'
import type { Counters } from '../../src/core/ports/counters.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { NO_USAGE, type TokenUsage } from '../../src/core/spend/amount.ts'
import { createMemoryCounters } from '../../src/counters/memory/index.ts'
import { createGate } from '../../src/engine/create-gate.ts'
import type { CheckRequest, Gate, SpendDesk } from '../../src/engine/gate.ts'
import type { LockgateConfig } from '../../src/index.ts'
import { openSqliteStore } from '../../src/stores/sqlite/index.ts'
import { createTestClock, type TestClock } from '../../src/testing/test-clock.ts'

export const OWNER = 'ada@example.com'
const QUICK_HASH = { argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 } }
const STEP_MS = 1_000

/** What a process's way to its store does. */
export interface Line {
  /**
   * By method: `failing` rejects at once, `silent` never answers, `slow` answers when `release` is called,
   * of what is `lost` it is done and the answer does not come back.
   */
  readonly faults: Map<string, 'failing' | 'silent' | 'slow' | 'lost'>
  /** How often each method was called. */
  readonly calls: Map<string, number>
  /** What was slow is carried out now. */
  release(): void
}

export interface SpendingProcess {
  readonly gate: Gate
  readonly desk: SpendDesk
  readonly store: Store
  readonly line: Line
  /** As after kill -9: nothing that it does reaches the database any more. */
  crash(): void
}

export interface ProcessParts {
  readonly chores?: boolean
  /** Default: in memory. */
  readonly counters?: Counters
  /** The store tells of changes by other processes, as SQLite does. Default true. */
  readonly tells?: boolean
}

export class DeskRig {
  readonly clock: TestClock = createTestClock()
  readonly logged: string[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'lockgate-spend-'))
  readonly #running = new Map<SpendingProcess, () => Promise<void>>()

  constructor() {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  }

  async open(config: LockgateConfig, parts: ProcessParts = {}): Promise<SpendingProcess> {
    const { clock, logged } = this
    const { chores = false, counters = createMemoryCounters({ clock }), tells = true } = parts
    const kept = await openSqliteStore({ path: join(this.#folder, 'lockgate.db') })
    const line = createLine()
    const store = through(
      tells ? kept : { ...kept, tellsOfChanges: false, externalRevision: () => 0 },
      line,
    )
    const note = (fields: object, message: string): void =>
      void logged.push(`${message} ${JSON.stringify(fields)}`)
    const gate = await createGate({
      ...resolveSettings({ keys: QUICK_HASH, ip: false, ...config }, {}, {}),
      ...{ store, counters, clock, chores, actor: 'test' },
      log: { debug() {}, info: note, warn: note, error: note },
    })
    if (gate.spend === null) throw new Error('nothing about money is configured')
    const opened: SpendingProcess = {
      ...{ gate, desk: gate.spend, store: kept, line },
      crash: () => {
        for (const name of Object.keys(kept)) line.faults.set(name, 'silent')
        this.#running.set(opened, () => kept.close())
      },
    }
    this.#running.set(opened, () => gate.close())
    return opened
  }

  /** A long time in which nobody did anything. */
  async skip(ms: number): Promise<void> {
    this.clock.advance(ms - STEP_MS)
    await this.pass(STEP_MS)
  }

  /** Time for clocks and timers alike. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      const step = Math.min(left, STEP_MS)
      this.clock.advance(step)
      await vi.advanceTimersByTimeAsync(step)
      await turns()
    }
  }

  /** In order, as a process that is told to. */
  async stop(process: SpendingProcess): Promise<void> {
    await process.gate.close()
    this.#running.delete(process)
  }

  async close(): Promise<void> {
    vi.useRealTimers()
    for (const end of this.#running.values()) await end()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Enough turns of the event loop for a group to be written and what follows from it. */
export async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((next) => setImmediate(next))
}

function createLine(): Line & { readonly held: (() => void)[] } {
  const held: (() => void)[] = []
  const release = (): void => {
    for (const carryOut of held.splice(0)) carryOut()
  }
  return { faults: new Map(), calls: new Map(), held, release }
}

function breakConnection(): never {
  throw new Error('the connection was lost')
}

function through(store: Store, line: ReturnType<typeof createLine>): Store {
  const members = Object.entries(store).map(([name, member]: [string, unknown]) => {
    if (typeof member !== 'function' || name === 'externalRevision') return [name, member]
    const call = (...args: unknown[]): unknown => {
      line.calls.set(name, (line.calls.get(name) ?? 0) + 1)
      const fault = line.faults.get(name)
      if (fault === undefined) return member(...args)
      if (fault === 'failing') return Promise.reject(new Error('the database is down'))
      if (fault === 'silent') return new Promise(() => {})
      if (fault === 'lost') return Promise.resolve(member(...args)).then(breakConnection)
      return new Promise((resolve) => line.held.push(() => resolve(member(...args))))
    }
    return [name, call]
  })
  return Object.fromEntries(members)
}

export const usd = (microUsd: number, tokens = 0) => ({ microUsd, tokens })
export const usage = (inputTokens: number, outputTokens: number): TokenUsage => ({
  ...{ ...NO_USAGE, inputTokens, outputTokens },
})

export async function issue(gate: Gate, more: object = {}) {
  const { key, record } = await gate.keys.issue({ owner: OWNER, ...more })
  return { key, keyId: record.keyId }
}

/** A check of a call that costs so much at most. */
export async function spend(
  { gate }: Pick<SpendingProcess, 'gate'>,
  presentedKey: string,
  microUsd: number,
  more: Partial<CheckRequest> & { readonly model?: string; readonly tokens?: number } = {},
): Promise<Decision> {
  const { model = 'gpt-4o-mini', tokens = 0, ...rest } = more
  const intent = { model, amount: { microUsd, tokens } }
  const request = { presentedKey, address: undefined, requestId: 'req_1', spend: intent, ...rest }
  return gate.check(request)
}

export async function held(...args: Parameters<typeof spend>): Promise<Reservation> {
  const decision = await spend(...args)
  if (!decision.allowed || decision.reservation === undefined) {
    throw new Error(`nothing is held: ${JSON.stringify(decision)}`)
  }
  return decision.reservation
}

export async function denied(...args: Parameters<typeof spend>): Promise<Denied> {
  const decision = await spend(...args)
  if (decision.allowed) throw new Error('the call was allowed')
  return decision
}

/** By name, what each cap of the key (or of the account) counts. */
export async function used(
  { desk }: SpendingProcess,
  keyId?: string,
): Promise<Record<string, number>> {
  const views = await desk.caps(keyId)
  return Object.fromEntries(views.map(({ status }) => [status.cap.name, status.used]))
}

/** What the ledger says: settled, and held. */
export async function ledger({ desk }: SpendingProcess) {
  const { total, reservedMicroUsd } = await desk.report()
  return { spent: total.microUsd, held: reservedMicroUsd, requests: total.requests }
}

export async function audited({ gate }: SpendingProcess, event: AuditEvent): Promise<AuditRow[]> {
  return (await gate.audit.tail({ event })).map(({ row }) => row)
}

/**
 * An instance that creates and revokes keys and appends audit rows without a pause, and notes what
 * became of each change: acknowledged, refused with nothing changed, or uncertain.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditEvent, AuditRow } from '../../src/core/audit.ts'
import { LockgateError } from '../../src/core/errors.ts'
import type { KeyRecord } from '../../src/core/key/key-record.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { START_MS, sampleEntry, sampleKey } from '../../src/testing/store-contract/samples.ts'

type Outcome = 'acknowledged' | 'refused' | 'uncertain'

interface Change {
  readonly event: AuditEvent
  readonly keyId: string
  readonly outcome: Outcome
}

export class PostgresWriter {
  readonly changes: Change[] = []
  readonly #store: Store
  readonly #name: string
  #stopped = false
  #ended: Promise<void> = Promise.resolve()

  constructor(store: Store, name: string) {
    this.#store = store
    this.#name = name
  }

  start(): void {
    this.#ended = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#ended
  }

  get acknowledged(): number {
    return this.changes.filter(({ outcome }) => outcome === 'acknowledged').length
  }

  async #run(): Promise<void> {
    for (let index = 0; !this.#stopped; index++) {
      const keyId = `${this.#name}${String(index).padStart(6, '0')}`
      const created = await this.#note('key.created', keyId, () =>
        this.#store.insertKey(sampleKey(keyId), sampleEntry('key.created', { keyId })),
      )
      if (created === 'acknowledged') {
        const revoked = sampleEntry('key.revoked', { keyId })
        const revoke = { kind: 'revoke', atMs: START_MS } as const
        await this.#note('key.revoked', keyId, () => this.#store.changeKey(keyId, revoke, revoked))
      }
      const failed = sampleEntry('auth.failed', { keyId })
      await this.#note('auth.failed', keyId, () => this.#store.appendAudit([failed]))
    }
  }

  async #note(event: AuditEvent, keyId: string, change: () => Promise<unknown>): Promise<Outcome> {
    const outcome = await change().then(() => 'acknowledged' as const, outcomeOf)
    this.changes.push({ event, keyId, outcome })
    if (outcome !== 'acknowledged') await sleep(5)
    return outcome
  }
}

/** Any other failure than that the database is away is a failure of the test. */
function outcomeOf(error: unknown): Outcome {
  if (!(error instanceof LockgateError) || error.code !== 'store_unavailable') throw error
  return error.message.endsWith('nothing was changed') ? 'refused' : 'uncertain'
}

/** What the database holds against what the writers were told; returns what is wrong. */
export function contradictions(
  writers: readonly PostgresWriter[],
  rows: readonly AuditRow[],
  keys: ReadonlyMap<string, KeyRecord>,
): string[] {
  const counts = new Map<string, number>()
  for (const { event, keyId } of rows) {
    counts.set(`${event} ${keyId}`, (counts.get(`${event} ${keyId}`) ?? 0) + 1)
  }
  return writers.flatMap(({ changes }) =>
    changes.flatMap(({ event, keyId, outcome }) => {
      const count = counts.get(`${event} ${keyId}`) ?? 0
      const legal = { acknowledged: [1], refused: [0], uncertain: [0, 1] }[outcome]
      const wrong = legal.includes(count) ? [] : [`${event} ${keyId} ${outcome}: ${count} rows`]
      if (event === 'key.created' && keys.has(keyId) !== (count === 1)) wrong.push(`key ${keyId}`)
      const revoked = keys.get(keyId)?.status === 'revoked'
      if (event === 'key.revoked' && revoked !== (count === 1)) wrong.push(`state of ${keyId}`)
      return wrong
    }),
  )
}

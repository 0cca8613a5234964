/**
 * An instance that creates and revokes keys, appends audit rows, and opens and settles calls without a
 * pause, and notes what became of each change: acknowledged, refused with nothing changed, or uncertain.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditEvent, AuditRow } from '../../src/core/audit.ts'
import { LockgateError } from '../../src/core/errors.ts'
import type { KeyRecord } from '../../src/core/key/key-record.ts'
import type { SpendReservation, SpendSum } from '../../src/core/ports/ledger.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { reservationOf, settlementOf } from '../../src/testing/store-contract/ledger-samples.ts'
import { START_MS, sampleEntry, sampleKey } from '../../src/testing/store-contract/samples.ts'

const SETTLED_MICRO_USD = 7

type Outcome = 'acknowledged' | 'refused' | 'uncertain'

interface Change {
  readonly event: AuditEvent | 'call opened' | 'call settled'
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
      const call = reservationOf(`call${keyId}`, { keyId })
      await this.#note('call opened', keyId, () => this.#store.openSpend([call]))
      const end = settlementOf(call.id, SETTLED_MICRO_USD)
      await this.#note('call settled', keyId, () => this.#store.settleSpend([end]))
    }
  }

  async #note(
    event: Change['event'],
    keyId: string,
    change: () => Promise<unknown>,
  ): Promise<Outcome> {
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
      if (event === 'call opened' || event === 'call settled') return []
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

/** What the ledger holds of each key against what the writers were told; returns what is wrong. */
export function unaccounted(
  writers: readonly PostgresWriter[],
  sums: readonly SpendSum[],
  open: readonly SpendReservation[],
): string[] {
  const [spent, held] = [new Set(sums.map(keyIdOf)), new Set(open.map(keyIdOf))]
  const strange = sums.filter(({ requests, amount }) => {
    return requests !== 1 || amount.microUsd !== SETTLED_MICRO_USD
  })
  return writers.flatMap(({ changes }) => {
    const outcomes = (event: Change['event']) =>
      new Map(changes.filter((change) => change.event === event).map((c) => [c.keyId, c.outcome]))
    const settled = outcomes('call settled')
    return [...outcomes('call opened')].flatMap(([keyId, opened]) => {
      const found = `${spent.has(keyId) ? 'spent' : ''}${held.has(keyId) ? 'held' : ''}`
      const told = `${opened}, then ${settled.get(keyId)}`
      const wrong = legalCalls(opened, settled.get(keyId)).includes(found)
        ? []
        : [`${told}: ${found}`]
      return strange.some((sum) => sum.keyId === keyId) ? [...wrong, `sum of ${keyId}`] : wrong
    })
  })
}

const keyIdOf = ({ keyId }: { readonly keyId: string }) => keyId

/** A settlement of a call that was not opened changes nothing. */
function legalCalls(opened: Outcome, settled: Outcome | undefined): readonly string[] {
  if (opened === 'refused') return ['']
  const afterwards = settled === 'acknowledged' ? ['spent'] : ['held']
  const known = settled === 'uncertain' ? ['spent', 'held'] : afterwards
  return opened === 'acknowledged' ? known : ['', 'held', 'spent']
}

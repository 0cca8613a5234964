/**
 * The journal of refusals, and of outages beside them: folds repeats of one event, key, address and limit within a second into
 * one entry with a count, and writes them in groups. Recording never waits for the store.
 *
 * The sum of all counts is exactly the number of refusals: entries that cannot be written are kept
 * and written later. Memory is bounded: beyond `MAX_ENTRIES` different entries the address, and then
 * the key, is left out, which folds further but loses no count.
 */
import type { AuditDetails, AuditEntry, AuditEvent } from '../core/audit.ts'
import type { Clock } from '../core/ports/clock.ts'

const MAX_ENTRIES = 10_000
/** Written at once; more would keep a synchronous store from answering anyone for too long. */
const GROUP_SIZE = 500

export interface RefusalRecord {
  readonly event: Extract<AuditEvent, 'limit.exceeded' | 'spend.exceeded' | 'auth.failed'>
  /** null where the key is not known to exist. */
  readonly keyId: string | null
  readonly address: string | null
  readonly requestId: string
  /** The limit, or why a credential was bad. Part of what is folded by. */
  readonly reason: string
  readonly actor: string
}

type Folding = { -readonly [Member in keyof AuditEntry]: AuditEntry[Member] }

export class AuditJournal {
  readonly #clock: Clock
  readonly #write: (entries: readonly AuditEntry[]) => Promise<void>
  #folded = new Map<string, Folding>()
  #added = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(clock: Clock, write: (entries: readonly AuditEntry[]) => Promise<void>) {
    this.#clock = clock
    this.#write = write
  }

  /** Entries that wait to be written. */
  get size(): number {
    return this.#folded.size
  }

  record(refusal: RefusalRecord): void {
    const full = this.#folded.size >= MAX_ENTRIES
    const veryFull = this.#folded.size >= 2 * MAX_ENTRIES
    const address = full ? null : refusal.address
    const keyId = veryFull ? null : refusal.keyId
    // The reason comes last because only it may hold spaces.
    const fold = `${refusal.event} ${keyId ?? ''} ${address ?? ''} ${refusal.reason}`
    const known = this.#folded.get(fold)
    if (known !== undefined) {
      known.count++
      return
    }
    this.#folded.set(fold, {
      atMs: this.#clock.wallMs(),
      event: refusal.event,
      keyId,
      actor: refusal.actor,
      address,
      requestId: refusal.requestId,
      details: detailsOf(refusal),
      count: 1,
    })
  }

  /** An entry of its own; only when there are far too many does it fold with others of its event. */
  add(entry: AuditEntry): void {
    const veryFull = this.#folded.size >= 2 * MAX_ENTRIES
    const fold = veryFull ? entry.event : `${entry.event} #${this.#added++}`
    const known = this.#folded.get(fold)
    if (known === undefined) this.#folded.set(fold, { ...entry })
    else known.count += entry.count
  }

  /** Writes what is folded now, after any write that is under way. Rejects when it failed. */
  flush(): Promise<void> {
    const written = this.#writing.then(() => this.#writeFolded())
    this.#writing = written.catch(() => undefined)
    return written
  }

  async #writeFolded(): Promise<void> {
    const taken = [...this.#folded]
    this.#folded = new Map()
    for (let start = 0; start < taken.length; start += GROUP_SIZE) {
      const group = taken.slice(start, start + GROUP_SIZE)
      try {
        await this.#write(group.map(([, entry]) => entry))
      } catch (error) {
        this.#putBack(taken.slice(start))
        throw error
      }
      // A turn of the event loop between two groups, for the requests that wait.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Entries that were not written count on, with what has come meanwhile. */
  #putBack(taken: readonly (readonly [string, Folding])[]): void {
    const newer = this.#folded
    this.#folded = new Map(taken)
    for (const [fold, entry] of newer) {
      const kept = this.#folded.get(fold)
      if (kept === undefined) this.#folded.set(fold, entry)
      else kept.count += entry.count
    }
  }
}

function detailsOf(refusal: RefusalRecord): AuditDetails {
  return refusal.event === 'auth.failed' ? { reason: refusal.reason } : { limit: refusal.reason }
}

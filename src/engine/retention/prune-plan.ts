/**
 * Which rows of the audit log may go: whole prefixes of each chain, oldest first, and of no row that is
 * younger than a day. A prefix is verified before it is signed for: a checkpoint over rows that were
 * tampered with would hide it for good.
 */
import type { AuditHead, AuditRow } from '../../core/audit.ts'
import { emptyHead, rowHash } from '../../core/audit-chain.ts'

/** However tight the bounds are. */
const LEAST_AGE_MS = 24 * 60 * 60 * 1000

export interface PruneBounds {
  /** Rows older than this go. null: none because of their age. */
  readonly keepForMs: number | null
  /** Beyond so many rows the oldest go. null: none because of their number. */
  readonly keepRows: number | null
}

/** A part of the rows that go. */
export interface PrunePiece {
  /** The last row of each chain that goes. */
  readonly places: readonly AuditHead[]
  readonly rows: number
  /** The time of the newest of them. */
  readonly untilMs: number
}

/** A chain is not what was written: nothing of it may go. */
export class BrokenChainError extends Error {
  override readonly name = 'BrokenChainError'
  /** The last place that is as it was written. */
  readonly end: AuditHead

  constructor(end: AuditHead) {
    super(`the audit log is broken at row ${end.seq + 1} of chain ${end.chain}`)
    this.end = end
  }
}

export class PrunePlan {
  readonly #olderThanMs: number
  readonly #youngMs: number
  readonly #ends: Map<string, AuditHead>
  /** Chains whose remaining rows stay. */
  readonly #kept = new Set<string>()
  #excess: number

  constructor(
    { keepForMs, keepRows }: PruneBounds,
    nowMs: number,
    heads: readonly AuditHead[],
    checkpoints: readonly AuditHead[],
  ) {
    this.#youngMs = nowMs - LEAST_AGE_MS
    this.#olderThanMs = keepForMs === null ? Number.NEGATIVE_INFINITY : nowMs - keepForMs
    this.#ends = new Map(checkpoints.map((place) => [place.chain, place]))
    const rows = sumOfSeqs(heads) - sumOfSeqs(checkpoints)
    this.#excess = keepRows === null ? 0 : Math.max(0, rows - keepRows)
  }

  /** Rows in the order of the store. Throws BrokenChainError. */
  take(rows: readonly AuditRow[]): PrunePiece {
    const places = new Map<string, AuditHead>()
    let count = 0
    let untilMs = 0
    for (const row of rows) {
      if (this.#kept.has(row.chain)) continue
      if (!this.#mayGo(row)) {
        this.#kept.add(row.chain)
        continue
      }
      const place = this.#following(row)
      places.set(row.chain, place)
      this.#ends.set(row.chain, place)
      if (this.#excess > 0) this.#excess--
      untilMs = Math.max(untilMs, row.atMs)
      count++
    }
    return { places: [...places.values()], rows: count, untilMs }
  }

  /** Whether rows from this one on are too young to go. */
  isBeyond(row: AuditRow): boolean {
    return !this.#mayGo(row)
  }

  #mayGo({ atMs }: AuditRow): boolean {
    return atMs < this.#youngMs && (atMs < this.#olderThanMs || this.#excess > 0)
  }

  #following(row: AuditRow): AuditHead {
    const { chain, seq, previousHash, hash } = row
    const end = this.#ends.get(chain) ?? emptyHead(chain)
    if (seq === end.seq + 1 && previousHash === end.hash && rowHash(row) === hash) {
      return { chain, seq, hash }
    }
    throw new BrokenChainError(end)
  }
}

const sumOfSeqs = (places: readonly AuditHead[]): number =>
  places.reduce((sum, { seq }) => sum + seq, 0)

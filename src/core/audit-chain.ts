/**
 * The hash chain over the audit log: how a row is hashed, and how a log is verified.
 *
 * hash = SHA-256(previousHash + canonical row), both as UTF-8 text, in lower-case hex. The canonical
 * row is the RFC 8785 form of the array [chain, seq, atMs, event, keyId, actor, address, requestId,
 * details, count]: it is injective, so two different rows never share a text. The first row follows
 * SHA-256 of the chain's name. STORAGE.md says the same to those who verify without this code.
 *
 * A chain proves that nothing was changed since a head was noted down. Whoever may write the whole
 * database can forge a whole new chain; a head kept elsewhere is what shows that.
 */
import type { AuditDetails, AuditEntry, AuditHead, AuditRow } from './audit.ts'
import { sha256Hex } from './crypto.ts'

/** The head of a chain that has no rows yet. */
export function emptyHead(chain: string): AuditHead {
  return { chain, seq: 0, hash: sha256Hex(chain) }
}

/** Gives entries their places after `head`, in order. The last row returned is the new head. */
export function chainRows(head: AuditHead, entries: readonly AuditEntry[]): AuditRow[] {
  const { chain } = head
  let { seq, hash: previousHash } = head
  return entries.map((entry) => {
    const unhashed = { ...keptEntry(entry), chain, seq: ++seq, previousHash }
    const hash = rowHash(unhashed)
    previousHash = hash
    return { ...unhashed, hash }
  })
}

/** What the `hash` of a row must be, computed from its other fields. */
export function rowHash(row: Omit<AuditRow, 'hash'>): string {
  return sha256Hex(row.previousHash + canonicalRow(row))
}

/** The text that is hashed after the previous hash. */
export function canonicalRow(row: Omit<AuditRow, 'hash' | 'previousHash'>): string {
  const { chain, seq, atMs, event, keyId, actor, address, requestId, details, count } = row
  const plain = JSON.stringify([chain, seq, atMs, event, keyId, actor, address, requestId])
  return `${plain.slice(0, -1)},${canonicalDetails(details)},${JSON.stringify(count)}]`
}

/** Details as a JSON object without spaces, its members sorted by UTF-16 code units (RFC 8785). */
export function canonicalDetails(details: AuditDetails): string {
  const members = Object.keys(details)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${JSON.stringify(details[name]) ?? 'null'}`)
  return `{${members.join(',')}}`
}

/**
 * An entry as a store can give it back: text without lone surrogates, which no database keeps, and
 * details as JSON reads them (NaN becomes null). Without this a row would not match its own hash.
 */
function keptEntry(entry: AuditEntry): AuditEntry {
  const { atMs, event, keyId, actor, address, requestId, details, count } = entry
  return {
    atMs,
    event,
    keyId: keyId === null ? null : keyId.toWellFormed(),
    actor: actor.toWellFormed(),
    address: address === null ? null : address.toWellFormed(),
    requestId: requestId === null ? null : requestId.toWellFormed(),
    details: keptDetails(details),
    count,
  }
}

function keptDetails(details: AuditDetails): AuditDetails {
  const members = Object.entries(details).map(([name, value]) => [
    name.toWellFormed(),
    typeof value === 'string' ? value.toWellFormed() : value,
  ])
  return JSON.parse(canonicalDetails(Object.fromEntries(members)))
}

export type ChainProblem = 'edited' | 'deleted' | 'reordered' | 'inserted' | 'tail cut off'

export type ChainVerdict =
  | { readonly intact: true; readonly rows: number; readonly chains: number }
  | ChainFault

export interface ChainFault {
  readonly intact: false
  readonly chain: string
  /** The first place in the chain that does not hold the row that was written there. */
  readonly seq: number
  readonly problem: ChainProblem
}

/**
 * Verifies a log row by row, in constant memory per chain. Rows of several chains may be mixed;
 * each chain's rows come in the order in which the store keeps them.
 *
 * A log that grows meanwhile is verified without a lock: note the heads, feed all rows, note the
 * heads again. The heads before may also be ones that were exported long ago.
 *
 * Where rows were let go of, a chain begins at its checkpoint: the rows after it must follow it. Whose
 * signature a checkpoint has is asked elsewhere.
 *
 * @example
 * const verifier = new ChainVerifier(await store.auditHeads(), await store.auditCheckpoints())
 * for (const { row } of await store.readAudit({ pageSize: 1000 })) verifier.feed(row)
 * const verdict = verifier.finish(await store.auditHeads())
 */
export class ChainVerifier {
  readonly #expected: ReadonlyMap<string, AuditHead>
  readonly #ends = new Map<string, AuditHead>()
  #rows = 0
  #fault: ChainFault | undefined

  constructor(headsBefore: readonly AuditHead[], checkpoints: readonly AuditHead[] = []) {
    this.#expected = new Map(headsBefore.map((head) => [head.chain, head]))
    for (const { chain, seq, hash } of checkpoints) {
      this.#fault ??= this.#faultAtHead({ chain, seq, hash })
      this.#ends.set(chain, { chain, seq, hash })
    }
  }

  feed(row: AuditRow): void {
    if (this.#fault !== undefined) {
      this.#reconsider(this.#fault, row)
      return
    }
    const end = this.#ends.get(row.chain) ?? emptyHead(row.chain)
    this.#fault = faultAfter(end, row) ?? this.#faultAtHead(row)
    this.#ends.set(row.chain, { chain: row.chain, seq: row.seq, hash: row.hash })
    this.#rows++
  }

  /** The verdict on all that was fed. Without `headsAfter` the log may not have grown meanwhile. */
  finish(headsAfter: readonly AuditHead[] = [...this.#expected.values()]): ChainVerdict {
    const fault = this.#fault ?? this.#cutTail() ?? this.#rowsBeyond(headsAfter)
    return fault ?? { intact: true, rows: this.#rows, chains: this.#ends.size }
  }

  /** A row that seemed deleted but turns up later was moved. */
  #reconsider(fault: ChainFault, row: AuditRow): void {
    if (fault.problem !== 'deleted' || row.chain !== fault.chain || row.seq !== fault.seq) return
    if (rowHash(row) === row.hash) this.#fault = { ...fault, problem: 'reordered' }
  }

  /** A chain that was forged as a whole fits in itself but does not pass through the known head. */
  #faultAtHead(row: AuditHead): ChainFault | undefined {
    const head = this.#expected.get(row.chain)
    if (head === undefined || head.seq !== row.seq || head.hash === row.hash) return undefined
    return faultOf(row.chain, row.seq, 'edited')
  }

  #cutTail(): ChainFault | undefined {
    for (const { chain, seq } of this.#expected.values()) {
      const lastSeq = this.#ends.get(chain)?.seq ?? 0
      if (lastSeq < seq) return faultOf(chain, lastSeq + 1, 'tail cut off')
    }
    return undefined
  }

  #rowsBeyond(headsAfter: readonly AuditHead[]): ChainFault | undefined {
    for (const { chain, seq, hash } of this.#ends.values()) {
      const head = headsAfter.find((candidate) => candidate.chain === chain) ?? emptyHead(chain)
      if (head.seq < seq) return faultOf(chain, head.seq + 1, 'inserted')
      if (head.seq === seq && head.hash !== hash) return faultOf(chain, seq, 'edited')
    }
    return undefined
  }
}

/** What is wrong with `row` where the row after `end` should be. */
function faultAfter(end: AuditHead, row: AuditRow): ChainFault | undefined {
  const seq = end.seq + 1
  if (rowHash(row) !== row.hash) return faultOf(row.chain, seq, 'edited')
  if (row.seq > seq) return faultOf(row.chain, seq, 'deleted')
  if (row.seq < seq) return faultOf(row.chain, row.seq, 'inserted')
  return row.previousHash === end.hash ? undefined : faultOf(row.chain, seq, 'edited')
}

function faultOf(chain: string, seq: number, problem: ChainProblem): ChainFault {
  return { intact: false, chain, seq, problem }
}

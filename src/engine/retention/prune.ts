/**
 * Letting go of old audit rows, piece by piece, so that nobody waits for long: each piece is one change
 * of the store, in which signed checkpoints take the place of rows and a row says how many went.
 *
 * Of several processes that prune at once one goes on and the others stop. Failure: what went until
 * then has gone, each piece with its checkpoint and its row.
 */
import type { AuditEntry } from '../../core/audit.ts'
import { LockgateError } from '../../core/errors.ts'
import type { AuditCheckpoint } from '../../core/ports/audit-retention.ts'
import type { AuditSigner } from '../../core/ports/audit-signer.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { PositionedAuditRow, Store } from '../../core/ports/store.ts'
import { BrokenChainError, type PruneBounds, type PrunePiece, PrunePlan } from './prune-plan.ts'
import { signatureProblem, signPlace } from './signatures.ts'

/** More at once would keep a synchronous store from answering anyone for too long. */
const ROWS_AT_ONCE = 500

export interface PruneParts {
  readonly store: Pick<Store, 'readAudit' | 'auditHeads' | 'auditCheckpoints' | 'pruneAudit'>
  readonly clock: Clock
  readonly signer: AuditSigner
  /** Who prunes, for the audit log. */
  readonly actor: string
}

export interface PruneOptions extends PruneBounds {
  /** Only tell what would go. Default false. */
  readonly dryRun?: boolean
  /** Keys besides the one in use that may have signed checkpoints. */
  readonly trustedKeys?: readonly string[]
}

export interface PruneReport {
  readonly rows: number
  /** The time of the newest row that went; null where none did. */
  readonly untilMs: number | null
}

/** Rejects with `conflict` where the log is not what was written: then nothing more goes. */
export async function pruneLog(parts: PruneParts, options: PruneOptions): Promise<PruneReport> {
  const { store, clock } = parts
  const checkpoints = await store.auditCheckpoints()
  await refuseForged(parts.signer, checkpoints, options.trustedKeys ?? [])
  const plan = new PrunePlan(options, clock.wallMs(), await store.auditHeads(), checkpoints)
  let [rows, untilMs, afterPosition] = [0, 0, 0]
  for (;;) {
    const page = await store.readAudit({ afterPosition, pageSize: ROWS_AT_ONCE })
    const piece = await pieceOf(plan, page, store)
    if (piece === undefined) break
    const last = page.at(-1)
    if (piece.rows > 0 && options.dryRun !== true && !(await remove(parts, piece))) break
    rows += piece.rows
    untilMs = Math.max(untilMs, piece.untilMs)
    if (last === undefined || (piece.rows === 0 && plan.isBeyond(last.row))) break
    afterPosition = last.position
    // A turn of the event loop between two pieces, for the requests that wait.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { rows, untilMs: rows === 0 ? null : untilMs }
}

/** What was pruned before may be gone by a checkpoint that nobody signed: no more is built on it. */
async function refuseForged(
  signer: AuditSigner,
  checkpoints: readonly AuditCheckpoint[],
  trustedKeys: readonly string[],
): Promise<void> {
  if (checkpoints.length === 0) return
  const own = await signer.publicKey()
  const keys = own === null ? trustedKeys : [own, ...trustedKeys]
  for (const checkpoint of checkpoints) {
    // Where there is no key at all it would be made now, and it has signed nothing yet.
    const problem =
      keys.length === 0 ? 'unknown signing key' : signatureProblem('checkpoint', checkpoint, keys)
    if (problem === undefined) continue
    throw new LockgateError(
      'conflict',
      `nothing was pruned: the checkpoint at row ${checkpoint.seq} of chain ${checkpoint.chain} has ${problem === 'bad signature' ? 'a bad signature' : 'the signature of another key'}; put the key that signed it at audit.signingKeyFile, or name it with --public-key`,
    )
  }
}

/** undefined where another process has pruned these rows meanwhile. */
async function pieceOf(
  plan: PrunePlan,
  page: readonly PositionedAuditRow[],
  store: PruneParts['store'],
): Promise<PrunePiece | undefined> {
  try {
    return plan.take(page.map(({ row }) => row))
  } catch (error) {
    if (!(error instanceof BrokenChainError)) throw error
    const { chain, seq } = error.end
    const newest = (await store.auditCheckpoints()).find((other) => other.chain === chain)
    if (newest !== undefined && newest.seq > seq) return undefined
    throw new LockgateError(
      'conflict',
      `${error.message}, so it is not pruned; "lockgate audit verify" says more`,
      { cause: error },
    )
  }
}

/** Resolves with false where another process was first. */
async function remove(parts: PruneParts, piece: PrunePiece): Promise<boolean> {
  const { store, clock, signer, actor } = parts
  const atMs = clock.wallMs()
  const checkpoints: AuditCheckpoint[] = []
  for (const place of piece.places) {
    checkpoints.push(await signPlace(signer, 'checkpoint', place, atMs))
  }
  const audit: AuditEntry = {
    ...{ atMs, event: 'audit.pruned', keyId: null, actor, address: null, requestId: null },
    details: { rows: piece.rows, until: new Date(piece.untilMs).toISOString() },
    count: 1,
  }
  try {
    await store.pruneAudit(checkpoints, audit)
    return true
  } catch (error) {
    if (error instanceof LockgateError && error.code === 'conflict') return false
    throw error
  }
}

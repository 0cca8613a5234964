/** What both stores ask before they import data, and before they keep it. */
import type { ChainVerdict } from '../../core/audit-chain.ts'
import { LockgateError } from '../../core/errors.ts'

/** Rows that are verified at a time. */
export const IMPORT_PAGE_SIZE = 1000

/** Throws `conflict`; `occupied` is what was found. */
export function refuseOccupied(occupied: boolean): void {
  if (!occupied) return
  const message = 'data can only be imported into an empty database; name a new one'
  throw new LockgateError('conflict', message)
}

/** Throws `conflict`, naming the row. */
export function refuseBroken(verdict: ChainVerdict): void {
  if (verdict.intact) return
  const { chain, seq, problem } = verdict
  throw new LockgateError(
    'conflict',
    `the audit log does not verify: chain ${chain}, row ${seq}: ${problem}; nothing was imported`,
  )
}

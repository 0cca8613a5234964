/** The ledger could not be read or written, so nothing may be spent. `cause` says why. */
export class LedgerUnavailableError extends Error {
  override readonly name = 'LedgerUnavailableError'
}

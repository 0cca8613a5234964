import { describe, expect, test } from 'vitest'
import type { AuditEntry } from './audit.ts'
import { chainRows, emptyHead } from './audit-chain.ts'
import { sha256Hex } from './crypto.ts'
import { KnownHeads } from './known-heads.ts'

const entry = (n: number): AuditEntry => ({
  ...{ atMs: n, event: 'key.created', keyId: null, actor: 'cli', address: null, requestId: null },
  ...{ details: { n }, count: 1 },
})
const rowsFrom = (chain: string, first: number) =>
  chainRows(
    emptyHead(chain),
    Array.from({ length: 20 }, (_, n) => entry(first + n)),
  )
const LOG = rowsFrom('main', 0)
const head = (seq: number) => LOG.slice(seq - 1, seq)

function verdictOf(rows: typeof LOG, heads: typeof LOG, checkpoints: typeof LOG = []) {
  const known = new KnownHeads(heads, checkpoints)
  for (const row of rows) known.feed(row)
  return known.finish()
}

describe('a log', () => {
  test('passes through the heads that were exported of it, each counted', () => {
    const heads = [...head(3), ...head(3), ...head(20)]
    expect(verdictOf(LOG, heads)).toEqual({ passed: 3, pruned: 0, fault: null })
  })

  test('that was rewritten as a whole does not, at the first head that differs', () => {
    const forged = rowsFrom('main', 1)
    expect(verdictOf(forged, [...head(20), ...head(7)]).fault).toMatchObject({
      chain: 'main',
      seq: 7,
    })
  })

  test('that ends before a head, or lacks its chain, has lost it', () => {
    expect(verdictOf(LOG.slice(0, 10), head(15)).fault).toMatchObject({ chain: 'main', seq: 15 })
    expect(verdictOf(rowsFrom('other', 0), head(2)).fault).toMatchObject({ chain: 'main', seq: 2 })
  })

  test('cannot be compared with heads of rows that have gone, but with the checkpoint itself', () => {
    const heads = [...head(4), ...head(5), ...head(6)]
    expect(verdictOf(LOG.slice(5), heads, head(5))).toEqual({ passed: 2, pruned: 1, fault: null })
    const [five] = head(5)
    const other = five && [{ ...five, hash: sha256Hex('other') }]
    expect(verdictOf(LOG.slice(5), head(5), other).fault).toMatchObject({ seq: 5 })
  })

  test('cannot pass through two heads of one place that differ', () => {
    const heads = head(5).flatMap((one) => [one, { ...one, hash: sha256Hex('other') }])
    expect(verdictOf(LOG, heads).fault).toMatchObject({ seq: 5 })
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AuditDetails, AuditEntry, AuditHead, AuditRow } from './audit.ts'
import {
  type ChainProblem,
  ChainVerifier,
  canonicalRow,
  chainRows,
  emptyHead,
  rowHash,
} from './audit-chain.ts'
import { sha256Hex } from './crypto.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
const LENGTH = 200

const entry = (n: number): AuditEntry => ({
  atMs: 1_700_000_000_000 + n,
  event: 'limit.exceeded',
  keyId: `key${String(n).padStart(5, '0')}`,
  actor: 'gateway',
  address: '203.0.113.7',
  requestId: `req-${n}`,
  details: { limit: 'minute', n },
  count: n + 1,
})

const LOG: readonly AuditRow[] = chainRows(
  emptyHead('main'),
  Array.from({ length: LENGTH }, (_, n) => entry(n)),
)
const headOf = (rows: readonly AuditRow[]): AuditHead[] => rows.slice(-1)

function verdictOf(rows: Iterable<AuditRow>, heads: readonly AuditHead[] = headOf(LOG)) {
  const verifier = new ChainVerifier(heads)
  for (const row of rows) verifier.feed(row)
  return verifier.finish()
}

const fault = (seq: number, problem: ChainProblem) => ({
  intact: false,
  chain: 'main',
  seq,
  problem,
})

/** The log with other rows in place of `removed` rows at `index`. */
const spliced = (index: number, removed: number, ...rows: AuditRow[]): AuditRow[] =>
  LOG.toSpliced(index, removed, ...rows)

const EDITS: Record<keyof AuditRow, (row: AuditRow) => AuditRow> = {
  chain: (row) => ({ ...row, chain: 'other' }),
  seq: (row) => ({ ...row, seq: row.seq + 1000 }),
  atMs: (row) => ({ ...row, atMs: row.atMs + 1 }),
  event: (row) => ({ ...row, event: 'auth.failed' }),
  keyId: (row) => ({ ...row, keyId: null }),
  actor: (row) => ({ ...row, actor: '' }),
  address: (row) => ({ ...row, address: '203.0.113.8' }),
  requestId: (row) => ({ ...row, requestId: `${row.requestId} ` }),
  details: (row) => ({ ...row, details: { ...row.details, n: String(row.details['n']) } }),
  count: (row) => ({ ...row, count: row.count + 1 }),
  previousHash: (row) => ({ ...row, previousHash: sha256Hex('forged') }),
  hash: (row) => ({ ...row, hash: sha256Hex('forged') }),
}

describe('a log of 200 rows', () => {
  test('is intact as it was written', () => {
    expect(verdictOf(LOG)).toEqual({ intact: true, rows: LENGTH, chains: 1 })
    expect(verdictOf([], [])).toEqual({ intact: true, rows: 0, chains: 0 })
  })

  test.each(Object.entries(EDITS))('shows an edited %s in any row', (field, edit) => {
    LOG.forEach((row, index) => {
      const verdict = verdictOf(spliced(index, 1, edit(row)))
      if (field === 'chain') expect(verdict).toMatchObject({ intact: false, problem: 'edited' })
      else expect(verdict).toEqual(fault(row.seq, 'edited'))
    })
  })

  test('shows an edit whose hash was computed anew, one row on at the latest', () => {
    LOG.forEach((row, index) => {
      const edited = { ...row, count: row.count + 1 }
      const forged = { ...edited, hash: rowHash(edited) }
      const seq = Math.min(row.seq + 1, LENGTH)
      expect(verdictOf(spliced(index, 1, forged))).toEqual(fault(seq, 'edited'))
    })
  })

  test('shows any row that was deleted', () => {
    LOG.forEach((row, index) => {
      const problem = row.seq === LENGTH ? 'tail cut off' : 'deleted'
      expect(verdictOf(spliced(index, 1))).toEqual(fault(row.seq, problem))
    })
  })

  test('shows any two neighbours that were swapped', () => {
    LOG.slice(1).forEach((next, index) => {
      const row = LOG[index] as AuditRow
      expect(verdictOf(spliced(index, 2, next, row))).toEqual(fault(row.seq, 'reordered'))
    })
  })

  test('shows any row that was written twice', () => {
    LOG.forEach((row, index) => {
      expect(verdictOf(spliced(index, 0, row))).toEqual(fault(row.seq, 'inserted'))
    })
  })

  test('shows a tail that was cut at any length', () => {
    LOG.forEach((row, index) => {
      expect(verdictOf(LOG.slice(0, index))).toEqual(fault(row.seq, 'tail cut off'))
    })
  })

  test('shows rows that were added behind the head', () => {
    const head = headOf(LOG.slice(0, 100))
    expect(verdictOf(LOG, head)).toEqual(fault(101, 'inserted'))
    expect(verdictOf(LOG, [])).toEqual(fault(1, 'inserted'))
  })

  test('shows a whole chain that was forged, by a head noted down before', () => {
    const forged = chainRows(
      emptyHead('main'),
      Array.from({ length: LENGTH }, (_, n) => entry(n + 1)),
    )
    expect(verdictOf(forged)).toEqual(fault(LENGTH, 'edited'))
    const verifier = new ChainVerifier(headOf(LOG.slice(0, 100)))
    for (const row of forged) verifier.feed(row)
    expect(verifier.finish(headOf(forged))).toEqual(fault(100, 'edited'))
  })

  test('may grow while it is verified', () => {
    const verifier = new ChainVerifier(headOf(LOG.slice(0, 100)))
    for (const row of LOG.slice(0, 150)) verifier.feed(row)
    expect(verifier.finish(headOf(LOG))).toEqual({ intact: true, rows: 150, chains: 1 })
  })

  test('is verified beside another chain, rows mixed', () => {
    const other = chainRows(emptyHead('other'), LOG.slice(0, 50))
    const mixed = LOG.flatMap((row, index) => [row, ...other.slice(index, index + 1)])
    const heads = [...headOf(LOG), ...headOf(other)]
    expect(verdictOf(mixed, heads)).toEqual({ intact: true, rows: 250, chains: 2 })
    expect(verdictOf(mixed.toSpliced(21, 1), heads)).toMatchObject({ chain: 'other', seq: 11 })
  })
})

describe('a chain whose first rows were let go of', () => {
  const CHECKPOINTS = headOf(LOG.slice(0, 50))
  const verdictFrom = (
    checkpoints: readonly AuditHead[],
    rows: readonly AuditRow[] = LOG.slice(50),
    heads = headOf(LOG),
  ) => {
    const verifier = new ChainVerifier(heads, checkpoints)
    for (const row of rows) verifier.feed(row)
    return verifier.finish()
  }

  test('is intact from its checkpoint on, also when no row is left', () => {
    expect(verdictFrom(CHECKPOINTS)).toEqual({ intact: true, rows: 150, chains: 1 })
    expect(verdictFrom(headOf(LOG), [])).toEqual({ intact: true, rows: 0, chains: 1 })
  })

  test('is not intact from any other row on, or without its checkpoint', () => {
    expect(verdictFrom([])).toEqual(fault(1, 'deleted'))
    LOG.forEach((row, index) => {
      if (index === 49) return
      const problem = index < 49 ? 'deleted' : 'inserted'
      const seq = index < 49 ? row.seq + 1 : 51
      expect(verdictFrom([row])).toEqual(fault(seq, problem))
    })
  })

  test('shows a checkpoint with another hash', () => {
    const [checkpoint] = CHECKPOINTS
    if (checkpoint === undefined) throw new Error('no checkpoint')
    const forged = [{ ...checkpoint, hash: '0'.repeat(64) }]
    expect(verdictFrom(forged)).toEqual(fault(51, 'edited'))
    expect(verdictFrom(forged, [], CHECKPOINTS)).toEqual(fault(50, 'edited'))
    expect(verdictFrom(forged, LOG.slice(50), CHECKPOINTS)).toEqual(fault(50, 'edited'))
  })

  test('shows each row that is edited or missing behind the checkpoint', () => {
    LOG.slice(50).forEach((row, index) => {
      const rest = LOG.slice(50)
      const edited = rest.toSpliced(index, 1, { ...row, count: row.count + 1 })
      expect(verdictFrom(CHECKPOINTS, edited)).toEqual(fault(row.seq, 'edited'))
      const problem = row.seq === LENGTH ? 'tail cut off' : 'deleted'
      const missing = verdictFrom(CHECKPOINTS, rest.toSpliced(index, 1))
      expect(missing).toEqual(fault(row.seq, problem))
    })
  })
})

const detail = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.string().map((text) => `${text}\ud800`),
)
const anyEntry: fc.Arbitrary<AuditEntry> = fc.record({
  atMs: fc.nat(),
  event: fc.constantFrom('key.created', 'auth.failed'),
  keyId: fc.option(fc.string({ unit: 'binary' })),
  actor: fc.string({ unit: 'binary' }),
  address: fc.option(fc.string()),
  requestId: fc.option(fc.string({ unit: 'binary' })),
  details: fc.dictionary(fc.string({ unit: 'binary' }), detail),
  count: fc.integer({ min: 1 }),
})

describe('the canonical row', () => {
  test('has the documented form', () => {
    const [row] = chainRows(emptyHead('c'), [
      { ...entry(0), details: { b: 1, '10': 'ü', '2': null } },
    ])
    expect(row && canonicalRow(row)).toBe(
      '["c",1,1700000000000,"limit.exceeded","key00000","gateway","203.0.113.7","req-0",' +
        '{"10":"ü","2":null,"b":1},1]',
    )
    expect(row?.previousHash).toBe(sha256Hex('c'))
    expect(row?.hash).toBe(sha256Hex(`${sha256Hex('c')}${row && canonicalRow(row)}`))
  })

  test('does not depend on the order of details', () => {
    fc.assert(
      fc.property(anyEntry, (one) => {
        const details = Object.fromEntries(Object.entries(one.details).reverse()) as AuditDetails
        const hashes = [one, { ...one, details }].map(
          (e) => chainRows(emptyHead('c'), [e])[0]?.hash,
        )
        expect(hashes[0]).toBe(hashes[1])
      }),
      { numRuns: RUNS },
    )
  })

  test('is injective: it reads back as the row it came from', () => {
    fc.assert(
      fc.property(anyEntry, fc.string(), (one, chain) => {
        const [row] = chainRows(emptyHead(chain), [one])
        if (row === undefined) throw new Error('no row')
        const { previousHash: _, hash: __, ...fields } = row
        const { seq, atMs, event, keyId, actor, address, requestId, details, count } = fields
        const expected = [chain, seq, atMs, event, keyId, actor, address, requestId, details, count]
        expect(JSON.parse(canonicalRow(row))).toEqual(expected)
      }),
      { numRuns: RUNS },
    )
  })

  test('of an entry as kept survives UTF-8 and JSON, so a stored row matches its hash', () => {
    fc.assert(
      fc.property(anyEntry, (one) => {
        const [row] = chainRows(emptyHead('c'), [one])
        const stored = JSON.parse(Buffer.from(JSON.stringify(row)).toString('utf8')) as AuditRow
        expect(rowHash(stored)).toBe(row?.hash)
        expect(Buffer.from(stored.actor).toString('utf8')).toBe(stored.actor)
      }),
      { numRuns: RUNS },
    )
  })
})

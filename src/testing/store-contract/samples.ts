/** Sample data of the store contract, and the questions it asks again and again. */
import assert from 'node:assert/strict'
import type { AuditEntry, AuditEvent, AuditRow } from '../../core/audit.ts'
import { ChainVerifier } from '../../core/audit-chain.ts'
import type { ErrorCode } from '../../core/errors.ts'
import { LockgateError } from '../../core/errors.ts'
import type { NewKey, Store } from '../../core/ports/store.ts'

export const START_MS = 1_750_000_000_000

/** Text that breaks out of careless SQL, JSON, logs and UTF-8. */
export const HOSTILE_TEXTS: readonly string[] = [
  '',
  `'; drop table keys; --`,
  `" or ""="`,
  '%_\\%',
  'a\0b',
  '\r\n\t\u001b[2J\u007f',
  '\u{1f511}\u202e\ufeff\u0301',
  '$1 ? :name @p',
  '{"__proto__":{"a":1}}',
  'x'.repeat(10_000),
]

export function sampleKey(keyId: string, overrides: Partial<NewKey> = {}): NewKey {
  return {
    keyId,
    owner: { email: 'ada@example.org', externalId: null },
    name: null,
    tier: 'free',
    scopes: ['read'],
    mode: 'live',
    secretHash: `$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$${keyId}`,
    createdAtMs: START_MS,
    expiresAtMs: null,
    limitOverrides: [],
    allowedAddresses: [],
    rotatedFrom: null,
    ...overrides,
  }
}

export function sampleEntry(event: AuditEvent, overrides: Partial<AuditEntry> = {}): AuditEntry {
  return {
    atMs: START_MS,
    event,
    keyId: null,
    actor: 'cli',
    address: null,
    requestId: null,
    details: {},
    count: 1,
    ...overrides,
  }
}

/** An entry that breaks the rule that a count is at least 1: no store may keep it. */
export const IMPOSSIBLE_ENTRY: AuditEntry = sampleEntry('key.created', { count: 0 })

export const insert = (store: Store, keyId: string, overrides: Partial<NewKey> = {}) =>
  store.insertKey(sampleKey(keyId, overrides), sampleEntry('key.created', { keyId }))

export async function rejectsWith(code: ErrorCode, result: Promise<unknown>): Promise<void> {
  await assert.rejects(result, (error) => error instanceof LockgateError && error.code === code)
}

/** All rows, oldest first, read in pages; asserts that every chain is intact. */
export async function verifiedRows(store: Store): Promise<AuditRow[]> {
  const checkpoints = await store.auditCheckpoints()
  const verifier = new ChainVerifier(await store.auditHeads(), checkpoints)
  const rows: AuditRow[] = []
  let afterPosition = 0
  for (;;) {
    const page = await store.readAudit({ afterPosition, pageSize: 500 })
    for (const { position, row } of page) {
      assert.ok(position > afterPosition, 'positions grow')
      afterPosition = position
      verifier.feed(row)
      rows.push(row)
    }
    if (page.length === 0) break
  }
  assert.deepEqual(verifier.finish(await store.auditHeads()), {
    intact: true,
    rows: rows.length,
    chains: new Set([...checkpoints, ...rows].map(({ chain }) => chain)).size,
  })
  return rows
}

export const eventsOf = async (store: Store): Promise<AuditEvent[]> =>
  (await verifiedRows(store)).map((row) => row.event)

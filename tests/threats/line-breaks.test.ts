/** One row is one line, whatever others put into names, owners and errors (CWE-117). */
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'
import { auditJson, auditLine } from '../../src/cli/audit-view.ts'
import type { AuditRow } from '../../src/core/audit.ts'

const RUNS = Number(process.env['LOCKGATE_PROPERTY_RUNS'] ?? 1000)
const CORPUS = [
  'a\nb',
  'a\r\nb',
  'a\u2028b\u2029c\u0085d',
  '\u001b[2J\u001b[31mroot\u0007',
  '","event":"key.created","x":"',
  '{"event":"key.revoked"}',
  '=cmd|/c calc!A1',
  'x\u202egnp.exe',
  '%0d%0a',
  '\0',
  '\ud800',
]
const texts = fc.oneof(fc.constantFrom(...CORPUS), fc.string({ unit: 'binary' }))

/** A row with hostile text in every place that holds text. */
const rows: fc.Arbitrary<AuditRow> = fc
  .record({ keyId: texts, actor: texts, address: texts, requestId: texts, chain: texts })
  .chain((members) =>
    fc.dictionary(texts, texts, { maxKeys: 3 }).map((details) => ({
      ...{ ...members, details, atMs: 0, event: 'limit.exceeded' as const, count: 2 },
      ...{ seq: 1, previousHash: '0', hash: '1' },
    })),
  )

test('an audit row as JSON is one line and reads back as it was', () => {
  fc.assert(
    fc.property(rows, (row) => {
      const line = auditJson(row)
      expect(line).not.toMatch(/[\r\n]/)
      const { key_id, actor, ip, request_id, chain, details } = JSON.parse(line)
      const read = { keyId: key_id, actor, address: ip, requestId: request_id, chain, details }
      const { keyId, address, requestId } = row
      expect(read).toEqual({
        ...{ keyId, actor: row.actor, address, requestId, chain: row.chain },
        details: { ...row.details },
      })
    }),
    { numRuns: RUNS },
  )
})

test('an audit row for people is one line without control over the terminal', () => {
  fc.assert(
    fc.property(rows, (row) => {
      expect(auditLine(row)).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
    }),
    { numRuns: RUNS },
  )
})

test('a log line is one line of JSON', () => {
  const script = `
    import { createLogger } from './src/telemetry/logger.ts'
    const log = createLogger('trace')
    for (const text of JSON.parse(process.argv[1])) log.warn({ name: text, err: new Error(text) }, text)
  `
  const { stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', script, JSON.stringify(CORPUS)],
    { encoding: 'utf8', cwd: ROOT },
  )
  const lines = stderr.trimEnd().split('\n')
  expect(lines).toHaveLength(CORPUS.length)
  // A lone surrogate is no text in UTF-8 and cannot read back.
  expect(lines.map((line) => JSON.parse(line).msg).slice(0, -1)).toEqual(CORPUS.slice(0, -1))
})

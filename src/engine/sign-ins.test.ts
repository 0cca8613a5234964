import { expect, test } from 'vitest'
import type { AuditEntry } from '../core/audit.ts'
import { createTestClock } from '../testing/test-clock.ts'
import { SignIns } from './sign-ins.ts'

const HOUR_MS = 3_600_000

function noting() {
  const written: AuditEntry[] = []
  const clock = createTestClock()
  const signIns = new SignIns({ add: (entry) => void written.push(entry) }, clock)
  const note = (keyId: string, address: string | undefined) =>
    signIns.note({ keyId, address, requestId: 'req-1' })
  return { written, clock, note }
}

test('an administrator is written down once an hour for each key and address', () => {
  const { written, clock, note } = noting()
  for (let n = 0; n < 5; n++) note('AdminKy1', '192.0.2.7')
  expect(written).toEqual([
    {
      ...{ atMs: clock.wallMs(), event: 'admin.signed_in', keyId: 'AdminKy1', actor: 'AdminKy1' },
      ...{ address: '192.0.2.7', requestId: 'req-1', details: {}, count: 1 },
    },
  ])
  note('AdminKy1', '192.0.2.8')
  note('AdminKy2', '192.0.2.7')
  note('AdminKy1', undefined)
  expect(written).toHaveLength(4)
  clock.advance(HOUR_MS - 1)
  note('AdminKy1', '192.0.2.7')
  expect(written).toHaveLength(4)
  clock.advance(1)
  note('AdminKy1', '192.0.2.7')
  expect(written).toHaveLength(5)
})

test('memory is bounded: the oldest pair of too many is forgotten and written again', () => {
  const { written, note } = noting()
  for (let n = 0; n <= 1_000; n++) note('AdminKy1', `192.0.2.${n}`)
  note('AdminKy1', '192.0.2.1000')
  expect(written).toHaveLength(1_001)
  note('AdminKy1', '192.0.2.0')
  expect(written).toHaveLength(1_002)
})

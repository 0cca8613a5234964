import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AuditEntry } from '../core/audit.ts'
import type { Store } from '../core/ports/store.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'
import { AuditFollower } from './audit-follower.ts'

const entry = (requestId: string): AuditEntry => ({
  ...{ atMs: 1, event: 'auth.failed', keyId: null, actor: 'test', address: null, requestId },
  ...{ details: {}, count: 1 },
})

let store: Store
let shown: (string | null)[]
let follower: AuditFollower
beforeEach(async () => {
  store = await openSqliteStore({ path: ':memory:' })
  shown = []
  follower = new AuditFollower(store, ({ requestId }) => shown.push(requestId))
})
afterEach(() => store.close())

test('shows each new row once, in order, and none that was there before', async () => {
  await store.appendAudit([entry('old')])
  await follower.skipExisting()
  await follower.showNew()
  expect(shown).toEqual([])
  await store.appendAudit([entry('a'), entry('b')])
  await follower.showNew()
  await store.appendAudit([entry('c')])
  await follower.showNew()
  await follower.showNew()
  expect(shown).toEqual(['a', 'b', 'c'])
})

test('shows everything however much has come', async () => {
  await follower.skipExisting()
  const ids = Array.from({ length: 2_500 }, (_, index) => String(index))
  await store.appendAudit(ids.map(entry))
  await follower.showNew()
  expect(shown).toEqual(ids)
})

/** All that a store holds, as the port gives it out; asserts that its audit log is intact. */
import type { KeyRecord } from '../../src/core/key/key-record.ts'
import type { SpendSum } from '../../src/core/ports/ledger.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { verifiedRows } from '../../src/testing/store-contract/samples.ts'

export async function contentsOf(store: Store) {
  const keys: KeyRecord[] = []
  for (let after: string | undefined; ; ) {
    const page = await store.listKeys({ pageSize: 100, ...(after === undefined ? {} : { after }) })
    keys.push(...page)
    after = page.at(-1)?.keyId
    if (after === undefined) break
  }
  const activity = await store.findActivity(keys.map(({ keyId }) => keyId))
  return {
    keys,
    usage: await store.loadUsage(0),
    rows: await verifiedRows(store),
    heads: await store.auditHeads(),
    checkpoints: await store.auditCheckpoints(),
    links: await store.listLinks({ pageSize: 1000 }),
    mail: await store.listMail({ pageSize: 1000 }),
    spendSums: await spendSumsOf(store),
    spendReservations: await store.listSpendReservations(),
    spendResets: await store.listSpendResets(),
    spendCaps: await store.listSpendCaps(),
    activity: activity.toSorted((a, b) => (a.keyId < b.keyId ? -1 : 1)),
  }
}

export async function spendSumsOf(store: Store): Promise<SpendSum[]> {
  const sums: SpendSum[] = []
  for (let after: SpendSum | undefined; ; ) {
    const cursor = after === undefined ? {} : { after }
    const page = await store.listSpendSums({ pageSize: 1000, ...cursor })
    sums.push(...page)
    after = page.at(-1)
    if (after === undefined) return sums
  }
}

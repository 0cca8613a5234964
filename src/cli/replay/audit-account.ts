/** The audit log's own account of a night: sums of its counts, and whether its chain is whole. */
import type { Gate } from '../../engine/gate.ts'

export interface AuditAccount {
  readonly rows: number
  /** The sum of the counts of `limit.exceeded`; with the next, as many as 429s were sent. */
  readonly limitExceeded: number
  /** The sum of the counts of `spend.exceeded`. */
  readonly spendExceeded: number
  /** Both by the name of the limit or cap. */
  readonly byLimit: ReadonlyMap<string, number>
  readonly intact: boolean
}

const PAGE_SIZE = 10_000

export async function auditAccount(gate: Gate): Promise<AuditAccount> {
  const byLimit = new Map<string, number>()
  let rows = 0
  const sums = { 'limit.exceeded': 0, 'spend.exceeded': 0 }
  let afterPosition = 0
  for (;;) {
    const page = await gate.audit.read({ afterPosition, pageSize: PAGE_SIZE })
    for (const { position, row } of page) {
      afterPosition = position
      rows += 1
      if (row.event !== 'limit.exceeded' && row.event !== 'spend.exceeded') continue
      const limit = String(row.details['limit'] ?? row.details['cap'])
      sums[row.event] += row.count
      byLimit.set(limit, (byLimit.get(limit) ?? 0) + row.count)
    }
    if (page.length < PAGE_SIZE) break
  }
  const { intact } = await gate.audit.verify()
  const [limitExceeded, spendExceeded] = [sums['limit.exceeded'], sums['spend.exceeded']]
  return { rows, limitExceeded, spendExceeded, byLimit, intact }
}

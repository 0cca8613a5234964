/** All rows that match, oldest first, page by page: a log of any length fits in memory. */
import type { AuditRow } from '../core/audit.ts'
import type { AuditQuery } from '../core/ports/store.ts'
import type { Gate } from '../engine/gate.ts'

const PAGE_SIZE = 1_000

export async function* pagesOf(
  gate: Pick<Gate, 'audit'>,
  filter: Omit<AuditQuery, 'pageSize' | 'afterPosition'>,
): AsyncGenerator<readonly AuditRow[]> {
  let afterPosition = 0
  for (;;) {
    const page = await gate.audit.read({ ...filter, afterPosition, pageSize: PAGE_SIZE })
    yield page.map(({ row }) => row)
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_SIZE) return
    afterPosition = last.position
  }
}

/** `lockgate audit list`: rows, oldest first. Reads page by page, so a long log fits in memory. */
import type { Command } from 'commander'
import type { PositionedAuditRow } from '../../../core/ports/store.ts'
import type { Gate } from '../../../engine/gate.ts'
import { readCount } from '../../arguments.ts'
import { auditJson, auditLine } from '../../audit-view.ts'
import { UsageError } from '../../failure.ts'
import { withGate } from '../../open.ts'
import { say } from '../../output.ts'
import { addFilterOptions, type FilterOptions, readFilter } from './filter-options.ts'

const PAGE_SIZE = 10_000

interface ListOptions extends FilterOptions {
  readonly limit?: string
}

export function addList(audit: Command): void {
  addFilterOptions(audit.command('list').description('print rows, oldest first'))
    .option('--limit <count>', 'only the newest rows, at most 10000 (default: all)')
    .action(listRows)
}

async function listRows(options: ListOptions): Promise<void> {
  const filter = readFilter(options)
  const limit = options.limit === undefined ? undefined : readCount(options.limit, '--limit')
  if (limit !== undefined && limit > PAGE_SIZE) {
    throw new UsageError(`--limit must be at most ${PAGE_SIZE}; leave it out for all rows`)
  }
  const show = options.json === true ? auditJson : auditLine
  await withGate(options, async (gate) => {
    const pages =
      limit === undefined
        ? pagesOf(gate, filter)
        : [gate.audit.tail({ ...filter, pageSize: limit })]
    for await (const page of pages) {
      for (const { row } of page) await say(show(row))
    }
  })
}

async function* pagesOf(
  gate: Gate,
  filter: ReturnType<typeof readFilter>,
): AsyncGenerator<readonly PositionedAuditRow[]> {
  let afterPosition = 0
  for (;;) {
    const page = await gate.audit.read({ ...filter, afterPosition, pageSize: PAGE_SIZE })
    yield page
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE_SIZE) return
    afterPosition = last.position
  }
}

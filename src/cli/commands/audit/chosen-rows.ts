/** The rows that options choose, oldest first, page by page. */
import type { Command } from 'commander'
import type { AuditRow } from '../../../core/audit.ts'
import type { Gate } from '../../../engine/gate.ts'
import { readCount } from '../../arguments.ts'
import { pagesOf } from '../../audit-pages.ts'
import { UsageError } from '../../failure.ts'
import { withGate } from '../../open.ts'
import {
  type AuditFilter,
  addFilterOptions,
  type FilterOptions,
  readFilter,
  withAddress,
} from './filter-options.ts'

const MAX_LIMIT = 10_000

export interface ChoiceOptions extends FilterOptions {
  readonly limit?: string
}

export function addChoiceOptions(command: Command): Command {
  return addFilterOptions(command).option(
    '--limit <count>',
    'only the newest rows, at most 10000 (default: all)',
  )
}

/** Lets `use` go through the pages of rows that the options choose. */
export async function withRows(
  options: ChoiceOptions,
  use: (pages: AsyncIterable<readonly AuditRow[]>) => Promise<void>,
): Promise<void> {
  const filter = readFilter(options)
  const limit = options.limit === undefined ? undefined : readCount(options.limit, '--limit')
  if (limit !== undefined && limit > MAX_LIMIT) {
    throw new UsageError(`--limit must be at most ${MAX_LIMIT}; leave it out for all rows`)
  }
  await withGate(options, async (gate, settings) => {
    const chosen = withAddress(filter, options, settings)
    await use(limit === undefined ? pagesOf(gate, chosen) : newestOf(gate, chosen, limit))
  })
}

async function* newestOf(
  gate: Pick<Gate, 'audit'>,
  filter: AuditFilter,
  limit: number,
): AsyncGenerator<readonly AuditRow[]> {
  yield (await gate.audit.tail({ ...filter, pageSize: limit })).map(({ row }) => row)
}

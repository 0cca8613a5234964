/** `lockgate audit tail`: the newest rows, then each new one as it comes, until Ctrl-C. */
import type { Command } from 'commander'
import type { PositionedAuditRow } from '../../../core/ports/store.ts'
import type { Gate } from '../../../engine/gate.ts'
import { auditJson, auditLine } from '../../audit-view.ts'
import { withGate } from '../../open.ts'
import { say } from '../../output.ts'
import { listenForStop } from '../../stop-signal.ts'
import {
  type AuditFilter,
  addFilterOptions,
  type FilterOptions,
  readFilter,
  withAddress,
} from './filter-options.ts'

const POLL_MS = 500
const PAGE_SIZE = 1_000
/** Rows shown before the first new one. */
const SHOWN_AT_START = 10

export function addTail(audit: Command): void {
  addFilterOptions(
    audit.command('tail').description('print the newest rows and follow until Ctrl-C'),
  )
    .option('--json', 'print one JSON object a line')
    .action(tail)
}

async function tail(options: FilterOptions & { readonly json?: true }): Promise<void> {
  const chosen = readFilter(options)
  const show = options.json === true ? auditJson : auditLine
  const stop = listenForStop()
  await withGate(options, async (gate, settings) => {
    const filter = withAddress(chosen, options, settings)
    // Where the log ends is read before what is shown, so that no row falls between the two.
    let afterPosition = await lastPosition(gate)
    const newest = await gate.audit.tail({ ...filter, pageSize: SHOWN_AT_START })
    for (const { position, row } of newest) {
      if (position <= afterPosition) await say(show(row))
    }
    while (!stop.isReceived()) {
      const page = await readAfter(gate, filter, afterPosition)
      for (const { row } of page) await say(show(row))
      afterPosition = page.at(-1)?.position ?? afterPosition
      if (page.length < PAGE_SIZE) await pause(stop.received)
    }
  })
}

async function lastPosition(gate: Gate): Promise<number> {
  const [last] = await gate.audit.tail({ pageSize: 1 })
  return last?.position ?? 0
}

function readAfter(
  gate: Gate,
  filter: AuditFilter,
  afterPosition: number,
): Promise<readonly PositionedAuditRow[]> {
  return gate.audit.read({ ...filter, afterPosition, pageSize: PAGE_SIZE })
}

function pause(stopped: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const waited = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, POLL_MS)
  })
  return Promise.race([waited, stopped]).finally(() => clearTimeout(timer))
}

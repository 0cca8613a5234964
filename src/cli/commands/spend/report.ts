/** `lockgate spend`: what was spent, by whom, for which model and when. */
import { type Command, Option } from 'commander'
import type { SpendQuery } from '../../../core/ports/ledger.ts'
import { readKeyId, readPast } from '../../arguments.ts'
import { UsageError } from '../../failure.ts'
import { CONFIG_OPTION, type ConfigOption, withGate } from '../../open.ts'
import { say, sayJson, write } from '../../output.ts'
import { capTable } from '../../spend/cap-view.ts'
import { deskOf } from '../../spend/desk.ts'
import { GROUPS, type Group, reportCsv, reportJson } from '../../spend/report-json.ts'
import { reportText } from '../../spend/report-text.ts'

interface ReportOptions extends ConfigOption {
  readonly since?: string
  readonly until?: string
  readonly key?: string
  readonly owner?: string
  readonly tier?: string
  readonly model?: string
  readonly by?: Group
  readonly csv?: true
  readonly json?: true
}

export function addReport(spend: Command): void {
  spend
    .option('--since <when>', 'only calls since then, such as 7d, or an RFC 3339 date')
    .option('--until <when>', 'only calls before then')
    .option('--key <key_id>', 'only calls of this key')
    .option('--owner <e-mail>', 'only calls of the keys of this owner')
    .option('--tier <name>', 'only calls of keys of this tier')
    .option('--model <name>', 'only calls of this model')
    .addOption(new Option('--by <group>', 'one table, in full').choices(GROUPS))
    .option('--csv', 'print CSV, by key unless --by says otherwise')
    .addOption(new Option('--json', 'print one JSON object').conflicts('csv'))
    .option(...CONFIG_OPTION)
    .action(showReport)
}

async function showReport(options: ReportOptions): Promise<void> {
  const query = readQuery(options)
  const { report, caps } = await withGate(options, async (gate) => {
    const desk = deskOf(gate)
    return { report: await desk.report(query), caps: await desk.caps(query.keyId) }
  })
  if (options.json === true) return sayJson(reportJson(report))
  if (options.csv === true) return write(reportCsv(report, options.by ?? 'key'))
  await say(reportText(report, options.by))
  if (caps.length > 0) await say(`\n${capTable(caps)}`)
}

/** The ledger knows minutes: a call is in the minute in which it was admitted. */
const MINUTE_MS = 60_000
const minuteOf = (atMs: number): number => Math.floor(atMs / MINUTE_MS) * MINUTE_MS

function readQuery({ since, until, key, owner, tier, model }: ReportOptions): SpendQuery {
  const nowMs = Date.now()
  const sinceMs = since === undefined ? undefined : minuteOf(readPast(since, '--since', nowMs))
  const untilMs = until === undefined ? undefined : minuteOf(readPast(until, '--until', nowMs))
  if (sinceMs !== undefined && untilMs !== undefined && untilMs <= sinceMs) {
    throw new UsageError('--until must be later than --since, or no call can match')
  }
  return {
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(untilMs === undefined ? {} : { untilMs }),
    ...(key === undefined ? {} : { keyId: readKeyId(key) }),
    ...(owner === undefined ? {} : { ownerEmail: owner }),
    ...(tier === undefined ? {} : { tier }),
    ...(model === undefined ? {} : { model }),
  }
}

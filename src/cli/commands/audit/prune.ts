/** `lockgate audit prune`: lets go of old rows; a signed checkpoint takes their place. */
import type { Command } from 'commander'
import { timeText } from '../../../admin/keys/key-json.ts'
import type { PruneReport } from '../../../engine/retention/prune.ts'
import { readCount, readDuration } from '../../arguments.ts'
import { UsageError } from '../../failure.ts'
import { CONFIG_OPTION, type ConfigOption, withGate } from '../../open.ts'
import { counted, say, sayJson } from '../../output.ts'
import { addTrustOption, readTrustedKeys, type TrustOption } from './trust-option.ts'

interface PruneFlags extends ConfigOption, TrustOption {
  readonly olderThan?: string
  readonly keep?: string
  readonly dryRun?: true
  readonly json?: true
}

export function addPrune(audit: Command): void {
  const prune = audit
    .command('prune')
    .description('delete old rows and sign for them, so that the rest can still be verified')
    .option('--older-than <age>', 'rows older than this, such as 90d')
    .option('--keep <count>', 'the oldest rows beyond this number')
    .option('--dry-run', 'only say what would go')
  addTrustOption(prune, 'also believe checkpoints that this key signed')
    .option('--json', 'print one JSON object')
    .option(...CONFIG_OPTION)
    .action(pruneRows)
}

async function pruneRows(flags: PruneFlags): Promise<void> {
  const { olderThan, keep, dryRun = false } = flags
  const given = {
    keepForMs: olderThan === undefined ? null : readDuration(olderThan, '--older-than'),
    keepRows: keep === undefined ? null : readCount(keep, '--keep'),
  }
  const trustedKeys = await readTrustedKeys(flags)
  const report = await withGate(flags, (gate, { audit }) => {
    const isGiven = given.keepForMs !== null || given.keepRows !== null
    const { keepForMs, keepRows } = isGiven ? given : audit
    if (keepForMs === null && keepRows === null) {
      throw new UsageError('say what may go: --older-than 90d, --keep 1000000, or both')
    }
    return gate.audit.prune({ keepForMs, keepRows, dryRun, trustedKeys })
  })
  if (flags.json === true) return sayJson(reportJson(report, dryRun))
  await say(reportText(report, dryRun))
}

function reportText({ rows, untilMs }: PruneReport, dryRun: boolean): string {
  if (untilMs === null) return 'nothing to prune; rows younger than a day always stay'
  const done = dryRun ? 'would be pruned' : 'pruned'
  return `${counted(rows, 'row')} ${done}, up to ${timeText(untilMs)}`
}

const reportJson = ({ rows, untilMs }: PruneReport, dryRun: boolean) => ({
  rows,
  until: untilMs === null ? null : timeText(untilMs),
  dry_run: dryRun,
})

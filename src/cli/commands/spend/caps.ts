/** `lockgate spend caps`: every cap of the account, or of a key, and how much of it is used. */
import type { Command } from 'commander'
import { readKeyId } from '../../arguments.ts'
import { CONFIG_OPTION, type ConfigOption, withGate } from '../../open.ts'
import { say, sayJson, warn } from '../../output.ts'
import { capJson, capTable } from '../../spend/cap-view.ts'
import { deskOf } from '../../spend/desk.ts'

interface CapsOptions extends ConfigOption {
  readonly key?: string
  readonly json?: true
}

export function addCaps(spend: Command): void {
  spend
    .command('caps')
    .description('show the caps of the account, or every cap that holds for a key')
    .option('--key <key_id>', 'every cap that holds for this key')
    .option('--json', 'print one JSON array')
    .option(...CONFIG_OPTION)
    .action(showCaps)
}

async function showCaps(options: CapsOptions): Promise<void> {
  const keyId = options.key === undefined ? undefined : readKeyId(options.key)
  const caps = await withGate(options, (gate) => deskOf(gate).caps(keyId))
  if (options.json === true) return sayJson(caps.map(capJson))
  if (caps.length > 0) return say(capTable(caps))
  warn(
    keyId === undefined
      ? 'The account has no caps: any number of keys can spend any amount. Set spend.account, or run "lockgate spend cap --account --per-day 20".'
      : 'Nothing caps this key. Set spend of its tier, or run "lockgate spend cap --key KEY_ID --per-day 1".',
  )
}

/** `lockgate keys revoke`, `disable`, `enable`: one change of one key. */
import type { Command } from 'commander'
import { readKeyId } from '../../arguments.ts'
import { sayKey } from '../../key-view.ts'
import { CONFIG_OPTION, type ConfigOption, withChangingGate } from '../../open.ts'

export function addChange(
  keys: Command,
  change: 'revoke' | 'disable' | 'enable',
  description: string,
  headline: string,
): void {
  keys
    .command(change)
    .description(description)
    .argument('<key_id>', 'the 8 characters in the middle of the key')
    .option('--json', 'print one JSON object')
    .option(...CONFIG_OPTION)
    .action(async (keyId: string, options: ConfigOption & { readonly json?: true }) => {
      const id = readKeyId(keyId)
      const record = await withChangingGate(options, (gate) => gate.keys[change](id))
      await sayKey(record, headline, options.json === true)
    })
}

/** `lockgate keys show`: what is known of one key. */
import type { Command } from 'commander'
import { readKeyId } from '../../arguments.ts'
import { sayUsedKey } from '../../key-view.ts'
import { CONFIG_OPTION, type ConfigOption, withGate } from '../../open.ts'

export function addShow(keys: Command): void {
  keys
    .command('show')
    .description('show one key; never its secret')
    .argument('<key_id>', 'the 8 characters in the middle of the key')
    .option('--json', 'print one JSON object')
    .option(...CONFIG_OPTION)
    .action(show)
}

async function show(
  keyId: string,
  options: ConfigOption & { readonly json?: true },
): Promise<void> {
  const id = readKeyId(keyId)
  const { record, activity } = await withGate(options, async (gate) => ({
    record: await gate.keys.find(id),
    activity: (await gate.activityOf([id])).get(id),
  }))
  await sayUsedKey(record, activity, options.json === true)
}

/** `lockgate keys list`: every key, newest first, with when it was last used. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { usedKeyJson } from '../../../admin/keys/key-json.ts'
import type { KeyRecord } from '../../../core/key/key-record.ts'
import type { KeyQuery } from '../../../core/ports/store.ts'
import type { Gate } from '../../../engine/gate.ts'
import { keyTable } from '../../key-view.ts'
import { CONFIG_OPTION, type ConfigOption, withGate } from '../../open.ts'
import { say, sayJson, warn } from '../../output.ts'
import { type KeyFilters, readKeyFilters } from './key-filters.ts'

const PAGE_SIZE = 1_000

interface ListOptions extends ConfigOption, KeyFilters {
  readonly json?: true
}

export function addList(keys: Command): void {
  keys
    .command('list')
    .description('list keys, newest first')
    .option('--owner <e-mail>', 'only keys of this owner')
    .option('--tier <name>', 'only keys of this tier')
    .addOption(
      new Option('--status <status>', 'only keys in this state').choices([
        'active',
        'disabled',
        'revoked',
        'expired',
      ]),
    )
    .option('--expiring <when>', 'only active keys that expire within, such as 14d')
    .option('--used <when>', 'only keys that were used since, such as 7d')
    .option('--unused <when>', 'only keys that were not used since, such as 30d, or never')
    .option('--json', 'print one JSON array')
    .option(...CONFIG_OPTION)
    .action(listKeys)
}

async function listKeys(options: ListOptions): Promise<void> {
  const filters = readKeyFilters(options, Date.now())
  const { records, activity } = await withGate(options, async (gate) => {
    const records = await readAll(gate, filters)
    return { records, activity: await gate.activityOf(records.map(({ keyId }) => keyId)) }
  })
  if (options.json === true) {
    return sayJson(records.map((record) => usedKeyJson(record, activity.get(record.keyId))))
  }
  if (records.length > 0) return say(keyTable(records, activity))
  warn(
    Object.keys(filters).length === 0
      ? 'No keys. Create one with "lockgate keys create --owner E-MAIL".'
      : 'No such keys. "lockgate keys list" without options shows all.',
  )
}

async function readAll(gate: Gate, filters: Partial<KeyQuery>): Promise<KeyRecord[]> {
  const query = { ...filters, pageSize: PAGE_SIZE }
  const records: KeyRecord[] = []
  for (;;) {
    const after = records.at(-1)?.keyId
    const page = await gate.keys.list(after === undefined ? query : { ...query, after })
    records.push(...page)
    if (page.length < PAGE_SIZE) return records
  }
}

/** `lockgate keys list`: every key, newest first. */
import type { Command } from 'commander'
import { Option } from 'commander'
import { keyJson } from '../../../admin/keys/key-json.ts'
import { type KeyRecord, type KeyStatus, keyStatusAt } from '../../../core/key/key-record.ts'
import type { KeyQuery } from '../../../core/ports/store.ts'
import type { Gate } from '../../../engine/gate.ts'
import { keyTable } from '../../key-view.ts'
import { CONFIG_OPTION, type ConfigOption, withGate } from '../../open.ts'
import { say, sayJson, warn } from '../../output.ts'

const PAGE_SIZE = 1_000

interface ListOptions extends ConfigOption {
  readonly owner?: string
  readonly tier?: string
  readonly status?: KeyStatus
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
    .option('--json', 'print one JSON array')
    .option(...CONFIG_OPTION)
    .action(listKeys)
}

async function listKeys(options: ListOptions): Promise<void> {
  const records = await withGate(options, (gate) => readAll(gate, options))
  if (options.json === true) return sayJson(records.map((record) => keyJson(record)))
  if (records.length > 0) return say(keyTable(records))
  warn('No keys. Create one with "lockgate keys create --owner E-MAIL".')
}

async function readAll(gate: Gate, { owner, tier, status }: ListOptions): Promise<KeyRecord[]> {
  const query: KeyQuery = {
    pageSize: PAGE_SIZE,
    ...(owner === undefined ? {} : { ownerEmail: owner }),
    ...(tier === undefined ? {} : { tier }),
  }
  const records: KeyRecord[] = []
  for (;;) {
    const after = records.at(-1)?.keyId
    const page = await gate.keys.list(after === undefined ? query : { ...query, after })
    records.push(...page)
    if (page.length < PAGE_SIZE) break
  }
  const nowMs = Date.now()
  return records.filter((record) => status === undefined || keyStatusAt(record, nowMs) === status)
}

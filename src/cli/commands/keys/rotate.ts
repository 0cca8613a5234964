/** `lockgate keys rotate`: a new key in place of an old one, with time to change over. */
import type { Command } from 'commander'
import { keyJson, timeText } from '../../../admin/keys/key-json.ts'
import { readDuration, readKeyId } from '../../arguments.ts'
import { sayIssued } from '../../key-view.ts'
import { CONFIG_OPTION, type ConfigOption, withChangingGate } from '../../open.ts'
import { say, sayJson } from '../../output.ts'

interface RotateOptions extends ConfigOption {
  readonly grace: string
  readonly json?: true
}

export function addRotate(keys: Command): void {
  keys
    .command('rotate')
    .description('replace a key; both work until the grace period ends')
    .argument('<key_id>', 'the 8 characters in the middle of the key')
    .option('--grace <duration>', 'how long the old key still works; 0s ends it now', '24h')
    .option('--json', 'print one JSON object')
    .option(...CONFIG_OPTION)
    .action(rotate)
}

async function rotate(keyId: string, options: RotateOptions): Promise<void> {
  const id = readKeyId(keyId)
  const graceMs = readDuration(options.grace, '--grace')
  const { issued, old } = await withChangingGate(options, async (gate) => ({
    issued: await gate.keys.rotate(id, { graceMs }),
    old: await gate.keys.find(id),
  }))
  const worksUntil = old.expiresAtMs === null ? null : timeText(old.expiresAtMs)
  if (options.json === true) {
    const replaced = { key_id: id, expires_at: worksUntil }
    return sayJson({ key: issued.key, ...keyJson(issued.record), replaced })
  }
  await sayIssued(issued, 'Key rotated.', false)
  await say(`\nThe old key ${id} works until ${worksUntil ?? 'it is revoked'}.`)
}

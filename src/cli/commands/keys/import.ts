/** `lockgate keys import`: takes over the hash of a key that its holder keeps. */
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { readKeyId } from '../../arguments.ts'
import { sayKey } from '../../key-view.ts'
import { withGate } from '../../open.ts'
import { addNewKeyOptions, type NewKeyOptions, readNewKey, required } from './new-key-options.ts'

interface ImportOptions extends NewKeyOptions {
  readonly keyId?: string
  readonly hash?: string
}

export function addImport(keys: Command): void {
  const command = keys
    .command('import')
    .description('take over the hash of an existing key; the key itself is not needed')
    .option('--key-id <id>', 'the key_id within the key (required)')
    .option('--hash <phc>', 'argon2id or bcrypt hash of its secret; - reads stdin (required)')
  addNewKeyOptions(command).action(importHash)
}

async function importHash(options: ImportOptions): Promise<void> {
  const keyId = readKeyId(required(options.keyId, '--key-id ID'))
  const hash = required(options.hash, '--hash PHC')
  const secretHash = hash === '-' ? readFileSync(0, 'utf8').trim() : hash
  const input = { ...readNewKey(options), keyId, secretHash }
  const record = await withGate(options, (gate) => gate.keys.importHash(input))
  await sayKey(record, 'Key imported. Its holder goes on using it.', options.json === true)
}

/** `lockgate keys create`: issues a key and shows it, once. */
import type { Command } from 'commander'
import { isDate } from '../../arguments.ts'
import { UsageError } from '../../failure.ts'
import { sayIssued } from '../../key-view.ts'
import { withGate } from '../../open.ts'
import { addNewKeyOptions, type NewKeyOptions, readNewKey } from './new-key-options.ts'

interface CreateOptions extends NewKeyOptions {
  readonly idempotencyKey?: string
}

export function addCreate(keys: Command): void {
  const command = keys
    .command('create')
    .description('create a key and show it, once')
    .option('--idempotency-key <text>', 'a name for this creation; a retry makes no second key')
  addNewKeyOptions(command).action(create)
}

async function create(options: CreateOptions): Promise<void> {
  const { expires, idempotencyKey } = options
  if (idempotencyKey !== undefined && expires !== undefined && !isDate(expires)) {
    throw new UsageError(
      '--expires must be a date with --idempotency-key, such as 2030-01-31: a duration ends at another time in each try',
    )
  }
  const input = readNewKey(options)
  const once = idempotencyKey === undefined ? {} : { idempotencyKey }
  const issued = await withGate(options, (gate) => gate.keys.issue(input, undefined, once))
  await sayIssued(issued, 'Key created.', options.json === true)
}

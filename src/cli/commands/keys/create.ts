/** `lockgate keys create`: issues a key and shows it, once. */
import type { Command } from 'commander'
import { sayIssued } from '../../key-view.ts'
import { withGate } from '../../open.ts'
import { addNewKeyOptions, type NewKeyOptions, readNewKey } from './new-key-options.ts'

export function addCreate(keys: Command): void {
  addNewKeyOptions(keys.command('create').description('create a key and show it, once')).action(
    create,
  )
}

async function create(options: NewKeyOptions): Promise<void> {
  const input = readNewKey(options)
  const issued = await withGate(options, (gate) => gate.keys.issue(input))
  await sayIssued(issued, 'Key created.', options.json === true)
}

/** `lockgate keys …`: the commands that manage keys. */
import type { Command } from 'commander'
import { addChange } from './change.ts'
import { addCreate } from './create.ts'
import { addImport } from './import.ts'
import { addList } from './list.ts'
import { addRotate } from './rotate.ts'
import { addShow } from './show.ts'

export function addKeysCommands(program: Command): void {
  const keys = program.command('keys').description('create, list and end API keys')
  addCreate(keys)
  addImport(keys)
  addList(keys)
  addShow(keys)
  addRotate(keys)
  addChange(keys, 'revoke', 'end a key for good; its next request gets 401', 'Revoked.')
  addChange(keys, 'disable', 'refuse a key until it is enabled again', 'Disabled.')
  addChange(keys, 'enable', 'let a disabled key work again', 'Enabled.')
}

/** The options that say whose spend a command is about: exactly one of a key, an owner, a tier, all. */
import type { Command } from 'commander'
import { isEmailAddress } from '../../../core/email-address.ts'
import type { SpendScope } from '../../../core/spend/caps.ts'
import type { Gate } from '../../../engine/gate.ts'
import { readKeyId } from '../../arguments.ts'
import { CommandError, UsageError } from '../../failure.ts'

export interface ScopeOptions {
  readonly key?: string
  readonly owner?: string
  readonly tier?: string
  readonly account?: true
}

export function addScopeOptions(command: Command): Command {
  return command
    .option('--key <key_id>', 'of this key')
    .option('--owner <e-mail>', 'of all keys of this owner together')
    .option('--tier <name>', 'of all keys of this tier together')
    .option('--account', 'of everything together')
}

export function readScope({ key, owner, tier, account }: ScopeOptions): SpendScope {
  const scopes: SpendScope[] = [
    ...(key === undefined ? [] : [{ kind: 'key' as const, id: readKeyId(key) }]),
    ...(owner === undefined ? [] : [{ kind: 'owner' as const, id: readOwner(owner) }]),
    ...(tier === undefined ? [] : [{ kind: 'tier' as const, id: tier }]),
    ...(account === undefined ? [] : [{ kind: 'account' as const, id: '' as const }]),
  ]
  const [scope, another] = scopes
  if (scope !== undefined && another === undefined) return scope
  throw new UsageError('name one of --key KEY_ID, --owner E-MAIL, --tier NAME and --account')
}

function readOwner(text: string): string {
  if (isEmailAddress(text)) return text
  throw new UsageError(`--owner must be an e-mail address, not "${text}"`)
}

/** A typing error would otherwise cap nobody, without a word. */
export async function checkScope({ keys, tiers }: Gate, { kind, id }: SpendScope): Promise<void> {
  if (kind === 'key') await keys.find(id)
  if (kind === 'tier' && !tiers.has(id)) {
    const known = [...tiers.keys()].join(', ')
    throw new CommandError(`there is no tier "${id}"; the configuration has ${known}`)
  }
  if (kind !== 'owner') return
  const [first] = await keys.list({ ownerEmail: id, pageSize: 1 })
  if (first !== undefined) return
  throw new CommandError(`${id} has no key; "lockgate keys list" shows whose there are`)
}

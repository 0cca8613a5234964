/** The options by which `keys create` and `keys import` say what a key may do. */
import type { Command } from 'commander'
import type { IssueKeyInput } from '../../../engine/gate.ts'
import { readFuture, readScopes } from '../../arguments.ts'
import { UsageError } from '../../failure.ts'
import { CONFIG_OPTION, type ConfigOption } from '../../open.ts'

export interface NewKeyOptions extends ConfigOption {
  readonly owner?: string
  readonly ownerId?: string
  readonly tier: string
  readonly scopes: string
  readonly name?: string
  readonly expires?: string
  readonly test?: true
  readonly allow?: readonly string[]
  readonly json?: true
}

export function addNewKeyOptions(command: Command): Command {
  return command
    .option('--owner <e-mail>', 'who the key belongs to (required)')
    .option('--owner-id <id>', "the owner's id in your own system")
    .option('--tier <name>', 'whose limits the key gets', 'free')
    .option('--scopes <list>', 'what the key may do, separated by commas', 'read')
    .option('--name <text>', 'a name to recognise the key by')
    .option('--expires <when>', 'such as 90d, or an RFC 3339 date (default: never)')
    .option('--test', 'make a test key')
    .option('--allow <cidr...>', 'addresses that the key may be used from (default: any)')
    .option('--json', 'print one JSON object')
    .option(...CONFIG_OPTION)
}

/**
 * Checked here and not by commander, which would complain of what is missing before it names the
 * option that was misspelt.
 */
export function required(value: string | undefined, option: string): string {
  if (value !== undefined) return value
  throw new UsageError(`${option} is missing`)
}

export function readNewKey(options: NewKeyOptions): IssueKeyInput {
  const { owner, ownerId, tier, name, expires, allow } = options
  return {
    owner: required(owner, '--owner E-MAIL'),
    tier,
    scopes: readScopes(options.scopes),
    mode: options.test === true ? 'test' : 'live',
    ...(ownerId === undefined ? {} : { ownerExternalId: ownerId }),
    ...(name === undefined ? {} : { name }),
    ...(expires === undefined ? {} : { expiresAtMs: readFuture(expires, '--expires', Date.now()) }),
    ...(allow === undefined ? {} : { allowedAddresses: allow }),
  }
}

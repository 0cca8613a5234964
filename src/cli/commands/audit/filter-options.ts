/** The options that choose audit rows. */
import { type Command, Option } from 'commander'
import { AUDIT_EVENTS, type AuditEvent } from '../../../core/audit.ts'
import type { AuditQuery } from '../../../core/ports/store.ts'
import type { Settings } from '../../../core/settings.ts'
import { createClientAddress } from '../../../http/client-address.ts'
import { readKeyId, readPast } from '../../arguments.ts'
import { UsageError } from '../../failure.ts'
import { CONFIG_OPTION, type ConfigOption } from '../../open.ts'

export interface FilterOptions extends ConfigOption {
  readonly key?: string
  readonly event?: readonly AuditEvent[]
  readonly actor?: string
  readonly ip?: string
  readonly since?: string
  readonly until?: string
}

export type AuditFilter = Omit<AuditQuery, 'pageSize' | 'afterPosition'>

export function addFilterOptions(command: Command): Command {
  return command
    .option('--key <key_id>', 'only rows of this key')
    .addOption(
      new Option('--event <event...>', 'only rows of this event, or of several').choices(
        AUDIT_EVENTS,
      ),
    )
    .option('--actor <name>', 'only what this actor did: cli, gateway, library or a key_id')
    .option('--ip <address>', 'only rows of this client address')
    .option('--since <when>', 'only rows since then, such as 1h, or an RFC 3339 date')
    .option('--until <when>', 'only rows before then')
    .option(...CONFIG_OPTION)
}

/** What can be read without the configuration: a wrong option is told of before anything is opened. */
export function readFilter(options: FilterOptions): AuditFilter {
  const { key, event, actor, since, until } = options
  const nowMs = Date.now()
  const sinceMs = since === undefined ? undefined : readPast(since, '--since', nowMs)
  const untilMs = until === undefined ? undefined : readPast(until, '--until', nowMs)
  if (sinceMs !== undefined && untilMs !== undefined && untilMs <= sinceMs) {
    throw new UsageError('--until must be later than --since, or no row can match')
  }
  return {
    ...(key === undefined ? {} : { keyId: readKeyId(key) }),
    ...(event === undefined ? {} : { events: event }),
    ...(actor === undefined ? {} : { actor }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(untilMs === undefined ? {} : { untilMs }),
  }
}

/** Rows hold addresses as they are counted: an IPv6 address is found by its prefix. */
export function withAddress(
  filter: AuditFilter,
  { ip }: FilterOptions,
  { http }: Settings,
): AuditFilter {
  if (ip === undefined) return filter
  return { ...filter, address: createClientAddress(http)(ip.trim(), [])?.group ?? ip }
}

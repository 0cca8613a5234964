/** The options that choose audit rows. */
import { type Command, Option } from 'commander'
import { AUDIT_EVENTS, type AuditEvent } from '../../../core/audit.ts'
import type { AuditQuery } from '../../../core/ports/store.ts'
import { readKeyId, readPast } from '../../arguments.ts'
import { CONFIG_OPTION, type ConfigOption } from '../../open.ts'

export interface FilterOptions extends ConfigOption {
  readonly key?: string
  readonly event?: AuditEvent
  readonly since?: string
  readonly json?: true
}

export function addFilterOptions(command: Command): Command {
  return command
    .option('--key <key_id>', 'only rows of this key')
    .addOption(new Option('--event <event>', 'only rows of this event').choices(AUDIT_EVENTS))
    .option('--since <when>', 'only rows since then, such as 1h, or an RFC 3339 date')
    .option('--json', 'print one JSON object a line')
    .option(...CONFIG_OPTION)
}

export function readFilter(options: FilterOptions): Omit<AuditQuery, 'pageSize'> {
  const { key, event, since } = options
  return {
    ...(key === undefined ? {} : { keyId: readKeyId(key) }),
    ...(event === undefined ? {} : { event }),
    ...(since === undefined ? {} : { sinceMs: readPast(since, '--since', Date.now()) }),
  }
}

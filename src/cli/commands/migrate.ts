/** `lockgate migrate`: brings the database to the newest schema, before a server is started on it. */
import type { Command } from 'commander'
import { maskUrl } from '../../config/index.ts'
import { CONFIG_OPTION, type ConfigOption, explained, loadFor } from '../open.ts'
import { say, sayJson } from '../output.ts'

export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('bring the database to the newest schema')
    .option('--json', 'print one JSON object')
    .option(...CONFIG_OPTION)
    .action(migrate)
}

async function migrate(options: ConfigOption & { readonly json?: true }): Promise<void> {
  const { settings } = await loadFor(options)
  const { migrateDatabase } = await import('../../compose/migrate-database.ts')
  const { from, to } = await explained(migrateDatabase(settings.databaseUrl))
  const database = maskUrl(settings.databaseUrl)
  if (options.json === true) return sayJson({ database, from, to })
  if (from === to) return say(`${database} has the newest schema, ${to}; nothing was changed.`)
  await say(`${database}: from schema ${from} to ${to}.`)
}

/** `lockgate copy`: everything of one database to another, empty one, such as SQLite to PostgreSQL. */
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { openStore } from '../../compose/open-store.ts'
import { checkDatabaseUrl, databaseFile, maskUrl } from '../../config/index.ts'
import { ConfigError } from '../../core/errors.ts'
import type { ImportedBatch, Store } from '../../core/ports/store.ts'
import { type Copied, copyStore } from '../../stores/copy.ts'
import { CommandError, UsageError } from '../failure.ts'
import { explained } from '../open.ts'
import { counted, say, sayJson, warn } from '../output.ts'
import { required } from './keys/new-key-options.ts'

const PROGRESS_EVERY_MS = 1_000

interface CopyOptions {
  readonly from?: string
  readonly to?: string
  readonly json?: true
}

export function addCopy(program: Command): void {
  program
    .command('copy')
    .description('copy keys, audit log and usage to an empty database; nothing may use the source')
    .option('--from <url>', 'the database to read, such as sqlite:./lockgate.db (required)')
    .option('--to <url>', 'the empty database to fill, such as postgres://… (required)')
    .option('--json', 'print one JSON object')
    .action(copy)
}

async function copy(options: CopyOptions): Promise<void> {
  const from = readUrl(options.from, '--from')
  const to = readUrl(options.to, '--to')
  if (from === to) throw new UsageError('--from and --to must be two databases')
  refuseMissing(from)
  const { keys, auditRows, chains } = await copyBetween(from, to)
  if (options.json === true) {
    return sayJson({ keys, audit_rows: auditRows, chains, verified: true })
  }
  await say(
    `Copied ${counted(keys, 'key')} and ${counted(auditRows, 'audit row')} to ${maskUrl(to)}; the audit log there is verified, ${counted(chains, 'chain')}.`,
  )
}

function readUrl(text: string | undefined, option: string): string {
  try {
    return checkDatabaseUrl(required(text, `${option} URL`), option)
  } catch (error) {
    throw error instanceof ConfigError ? new UsageError(error.message) : error
  }
}

/** To open it would create it. */
function refuseMissing(url: string): void {
  const file = databaseFile(url)
  if (file === undefined || existsSync(file)) return
  throw new CommandError(`--from ${maskUrl(url)}: there is no such file; name the database to copy`)
}

async function copyBetween(from: string, to: string): Promise<Copied> {
  warn(`lockgate: copying ${maskUrl(from)} to ${maskUrl(to)}`)
  const source = await explained(openStore(from, { option: '--from', migrate: false }))
  try {
    const target = await explained(openStore(to, { option: '--to' }))
    try {
      return await copyStore(source, tellingProgress(target))
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** The same store, which says on stderr how far an import is. */
function tellingProgress(store: Store): Store {
  async function* told(batches: AsyncIterable<ImportedBatch>): AsyncGenerator<ImportedBatch> {
    let keys = 0
    let rows = 0
    let nextMs = performance.now() + PROGRESS_EVERY_MS
    for await (const batch of batches) {
      yield batch
      keys += batch.keys?.length ?? 0
      rows += batch.audit?.length ?? 0
      if (performance.now() < nextMs) continue
      warn(`lockgate: ${counted(keys, 'key')}, ${counted(rows, 'audit row')} so far`)
      nextMs = performance.now() + PROGRESS_EVERY_MS
    }
  }
  return { ...store, importData: (batches, heads) => store.importData(told(batches), heads) }
}

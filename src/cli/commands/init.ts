/**
 * `lockgate init`: configuration file, database, first admin key. Running it again changes nothing
 * that is there: the file is kept, and a key is made only where no admin key works (or by --force).
 */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { databaseFile, findConfigFile, maskUrl } from '../../config/index.ts'
import { keyStatusAt } from '../../core/key/key-record.ts'
import type { Settings } from '../../core/settings.ts'
import type { Gate } from '../../engine/gate.ts'
import { CONFIG_TEMPLATE } from '../config-template.ts'
import { CommandError } from '../failure.ts'
import { sayIssued } from '../key-view.ts'
import { withGate } from '../open.ts'
import { say, sayJson, warn } from '../output.ts'

const FILE_NAME = 'lockgate.config.ts'
const PAGE_SIZE = 1_000

interface InitOptions {
  readonly owner: string
  readonly force?: true
  readonly json?: true
}

export function addInit(program: Command): void {
  program
    .command('init')
    .description('write a configuration file, create the database and the first admin key')
    .option('--owner <e-mail>', 'who the admin key belongs to', 'admin@localhost')
    .option('--force', 'create another admin key although there is one')
    .option('--json', 'print the key as one JSON object')
    .action(init)
}

async function init(options: InitOptions): Promise<void> {
  writeConfigOnce()
  await withGate({}, async (gate, settings) => {
    warn(`database: ${maskUrl(settings.databaseUrl)}${ignoreHint(settings)}`)
    if (options.force !== true && (await hasAdminKey(gate))) {
      warn('An admin key exists already. Create another with "lockgate init --force".')
      if (options.json === true) await sayJson(null)
    } else {
      const issued = await gate.keys.issue({
        ...{
          owner: options.owner,
          tier: adminTier(settings),
          scopes: ['admin'],
          name: 'first admin key',
        },
      })
      await sayIssued(issued, 'Admin key created.', options.json === true)
    }
  })
  if (options.json !== true) {
    await say('\nNext, a key for a client, then the gateway:')
    await say('  lockgate keys create --owner you@example.com --scopes read,write')
    await say('  lockgate serve --upstream http://127.0.0.1:3000')
  }
}

function writeConfigOnce(): void {
  const existing = findConfigFile(process.cwd(), undefined)
  if (existing !== undefined) {
    warn(`configuration: kept ${existing}`)
    return
  }
  const path = resolve(process.cwd(), FILE_NAME)
  try {
    writeFileSync(path, CONFIG_TEMPLATE, { flag: 'wx' })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new CommandError(`cannot write ${path}: ${reason}; run init in a folder that you own`)
  }
  warn(`configuration: wrote ${path}`)
}

/** The control plane counts like everything else; a tier named `paid` has the most room. */
function adminTier({ tiers }: Settings): string {
  return tiers.has('paid') ? 'paid' : 'free'
}

const ignoreHint = (settings: Settings): string =>
  databaseFile(settings.databaseUrl) === undefined ? '' : ' (keep it and its -wal out of git)'

async function hasAdminKey(gate: Gate): Promise<boolean> {
  let after: string | undefined
  for (;;) {
    const page = await gate.keys.list({
      pageSize: PAGE_SIZE,
      ...(after === undefined ? {} : { after }),
    })
    const works = page.some(
      (key) => key.scopes.includes('admin') && keyStatusAt(key, Date.now()) === 'active',
    )
    if (works || page.length < PAGE_SIZE) return works
    after = page.at(-1)?.keyId
  }
}

/** Checks of `lockgate doctor` that look at files: who may read them. */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { createAuditSigner } from '../../compose/audit-signer.ts'
import { databaseFile, isPostgres } from '../../config/index.ts'
import type { Settings } from '../../core/settings.ts'
import { caution, type Finding, fail, ok } from './finding.ts'

const OTHERS_READ = 0o004
const ANYONE_ELSE = 0o077
const OTHERS = 0o007
/** Shorter values are words like `Bearer` or `true`, not secrets. */
const SHORTEST_SECRET = 12

/** A credential that is written into a file which every user of the machine can read. */
export function configFileFinding(configPath: string | undefined, settings: Settings): Finding {
  if (configPath === undefined) return ok('config_file', 'none; defaults and environment apply')
  const text = readFileSync(configPath, 'utf8')
  const secrets = Object.values(settings.gateway.upstreamHeaders)
    .flatMap((value) => value.split(' '))
    .filter((part) => part.length >= SHORTEST_SECRET && text.includes(part))
  const readable = process.platform !== 'win32' && (statSync(configPath).mode & OTHERS_READ) !== 0
  if (secrets.length === 0 || !readable) return ok('config_file', configPath)
  return caution(
    'config_file',
    `${configPath} holds a credential and every user can read it; run "chmod 600 ${configPath}" or read the credential from the environment`,
  )
}

/** The database holds hashes and addresses: only its owner may read it. */
export function databaseModeFindings(settings: Settings): Finding[] {
  if (isPostgres(settings.databaseUrl)) return []
  return [fileModeFinding(databaseFile(settings.databaseUrl))]
}

function fileModeFinding(file: string | undefined): Finding {
  if (file === undefined) return caution('database_mode', 'in memory: nothing outlives the process')
  const open = [file, `${file}-wal`, `${file}-shm`].filter(
    (path) => existsSync(path) && (statSync(path).mode & ANYONE_ELSE) !== 0,
  )
  if (open.length === 0 || process.platform === 'win32') return ok('database_mode', 'owner only')
  return fail(
    'database_mode',
    `${open.join(', ')} can be read by other users; run "chmod 600 ${open.join(' ')}"`,
  )
}

/** Whoever reads the signing key can make checkpoints: rows could be deleted and nobody would see. */
export async function signingKeyFinding({ audit }: Settings): Promise<Finding> {
  const check = 'audit_signing_key'
  const { signingKeyFile: file } = audit
  if (!existsSync(file)) return ok(check, `${file} is made when something is first signed`)
  const mode = process.platform === 'win32' ? 0 : statSync(file).mode
  const advice = `run "chmod 600 ${file}"`
  if ((mode & OTHERS) !== 0) return fail(check, `every user can read ${file}; ${advice}`)
  try {
    await createAuditSigner(file).publicKey()
    // Kubernetes hands secrets to a group.
    if ((mode & ANYONE_ELSE) !== 0) return caution(check, `its group can read ${file}; ${advice}`)
    return ok(check, `${file}, owner only`)
  } catch (error) {
    return fail(check, error instanceof Error ? error.message : String(error))
  }
}

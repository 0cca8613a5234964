/** Checks of `lockgate doctor` that ask a PostgreSQL server. They read; nothing is created. */
import { createPool } from '../../compose/create-pool.ts'
import { maskUrl } from '../../config/index.ts'
import { SCHEMA_VERSION } from '../../stores/postgres/migrations/migrate.ts'
import { clockDifference } from './clock-difference.ts'
import { caution, type Finding, fail, ok } from './finding.ts'

const LEAST_VERSION_NUMBER = 130_000

const FACTS = `select current_setting('server_version_num')::int as version_number,
  current_setting('server_version') as version,
  current_setting('synchronous_commit') as synchronous_commit,
  extract(epoch from clock_timestamp())::float8 * 1000 as now_ms,
  to_regclass('lockgate.schema_version') is not null as has_schema`

interface Facts {
  readonly version_number: number
  readonly version: string
  readonly synchronous_commit: string
  readonly now_ms: number
  readonly has_schema: boolean
}

export interface PostgresFindings {
  readonly findings: readonly Finding[]
  /** It has what this version of Lockgate can read, so that the log in it can be checked. */
  readonly isReadable: boolean
}

export async function postgresFindings(databaseUrl: string): Promise<PostgresFindings> {
  const url = maskUrl(databaseUrl)
  const pool = await createPool(databaseUrl)
  try {
    const [facts] = (await pool.query<Facts>(FACTS)).rows
    if (facts === undefined) throw new Error('it says nothing of itself')
    const version = facts.has_schema
      ? await pool.query<{ version: number }>('select version from lockgate.schema_version')
      : undefined
    const schema = version?.rows[0]?.version ?? 0
    const findings = [
      versionFinding(url, facts),
      schemaFinding(schema),
      durabilityFinding(facts),
      clockDifference('database_clock', 'the database', facts.now_ms),
    ]
    return { findings, isReadable: schema === SCHEMA_VERSION }
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    const finding = fail(
      'database',
      `${url} cannot be used: ${problem}; start it, or correct LOCKGATE_DATABASE_URL`,
    )
    return { findings: [finding], isReadable: false }
  } finally {
    await pool.end()
  }
}

function versionFinding(url: string, { version, version_number }: Facts): Finding {
  const detail = `${url} answers, PostgreSQL ${version}`
  if (version_number >= LEAST_VERSION_NUMBER) return ok('database', detail)
  return fail('database', `${detail}, which is too old; install 13 or newer`)
}

function schemaFinding(schema: number): Finding {
  if (schema === SCHEMA_VERSION) return ok('database_schema', `${schema}, the newest`)
  if (schema === 0) return caution('database_schema', 'nothing there yet; run "lockgate init"')
  if (schema < SCHEMA_VERSION) {
    return caution('database_schema', `${schema} of ${SCHEMA_VERSION}; run "lockgate migrate"`)
  }
  return fail('database_schema', `${schema}, of a newer version of Lockgate; install that`)
}

function durabilityFinding({ synchronous_commit: setting }: Facts): Finding {
  const detail = `synchronous_commit is ${setting}`
  if (setting !== 'off') return ok('database_durability', detail)
  return caution('database_durability', `${detail}, which only Lockgate's own changes override`)
}

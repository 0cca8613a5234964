/** Checks of `lockgate doctor` that open the database: its own soundness, then the audit log. */
import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { databaseFile, isPostgres, maskUrl } from '../../config/index.ts'
import type { Settings } from '../../core/settings.ts'
import type { Gate } from '../../engine/gate.ts'
import { openOrExplain } from '../open.ts'
import { counted } from '../output.ts'
import { caution, type Finding, fail, ok } from './finding.ts'

const CLOCK_TOLERANCE_MS = 60_000
const PAGE_SIZE = 1_000

/** Looks before it opens: a missing database is not created. */
export async function databaseFindings(settings: Settings): Promise<Finding[]> {
  if (isPostgres(settings.databaseUrl)) {
    const { postgresFindings } = await import('./postgres-checks.ts')
    const { findings, isReadable } = await postgresFindings(settings.databaseUrl)
    return isReadable ? [...findings, ...(await contentFindings(settings))] : [...findings]
  }
  const url = maskUrl(settings.databaseUrl)
  const file = databaseFile(settings.databaseUrl)
  if (file === undefined) return []
  if (!existsSync(file)) {
    return [caution('database', `${url} does not exist yet; run "lockgate init"`)]
  }
  const problem = integrityProblem(file)
  if (problem !== undefined) {
    return [fail('database', `${url}: ${problem}; restore it from a backup`)]
  }
  return [ok('database', `${url} is sound`), ...(await contentFindings(settings))]
}

function integrityProblem(file: string): string | undefined {
  try {
    const db = new DatabaseSync(file, { readOnly: true })
    try {
      const [first] = db.prepare('pragma integrity_check(1)').all()
      const verdict = String(first?.['integrity_check'])
      return verdict === 'ok' ? undefined : verdict.replace(/\s+/g, ' ')
    } finally {
      db.close()
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function contentFindings(settings: Settings): Promise<Finding[]> {
  try {
    const gate = await openOrExplain({ ...settings, redis: null }, { actor: 'cli', chores: false })
    try {
      const verdict = await gate.audit.verify()
      const [newest] = await gate.audit.tail({ pageSize: 1 })
      const log = verdict.intact
        ? ok('audit_log', `${counted(verdict.rows, 'row')}, intact`)
        : fail(
            'audit_log',
            `broken at row ${verdict.seq} of chain ${verdict.chain}: ${verdict.problem}; compare it with a backup`,
          )
      return [log, await keyTiersFinding(gate), clockFinding(newest?.row.atMs)]
    } finally {
      await gate.close()
    }
  } catch (error) {
    return [fail('audit_log', error instanceof Error ? error.message : String(error))]
  }
}

/** A key whose tier is gone gets nothing, which its owner will ask about. */
async function keyTiersFinding({ keys, tiers }: Gate): Promise<Finding> {
  let after: string | undefined
  for (;;) {
    const query = after === undefined ? { pageSize: PAGE_SIZE } : { pageSize: PAGE_SIZE, after }
    const page = await keys.list({ ...query, status: 'active' })
    const lost = page.find(({ tier }) => !tiers.has(tier))
    if (lost !== undefined) {
      const { keyId, tier } = lost
      return fail(
        'key_tiers',
        `key ${keyId} names the tier ${tier}, which is not configured; add it`,
      )
    }
    after = page.at(-1)?.keyId
    if (page.length < PAGE_SIZE) return ok('key_tiers', 'every active key has its tier')
  }
}

/** A clock set back shows by rows of the future. */
function clockFinding(newestMs: number | undefined): Finding {
  const nowMs = Date.now()
  const now = new Date(nowMs).toISOString()
  if (newestMs === undefined || newestMs <= nowMs + CLOCK_TOLERANCE_MS) return ok('clock', now)
  const newest = new Date(newestMs).toISOString()
  return caution(
    'clock',
    `it is ${now} here, and the newest audit row is of ${newest}; check the clock, expiry dates depend on it`,
  )
}

/**
 * What `lockgate scan` does: search, say what is known of each key that was found, and report those
 * that still work. A key itself is never shown.
 */
import { randomId } from '../../core/crypto.ts'
import type { Gate, LeakOutcome } from '../../engine/gate.ts'
import { type ConfigOption, loadFor, withChangingGate } from '../open.ts'
import { printable, sayJson, warn } from '../output.ts'
import { type Assessed, assess, unknown } from './assessment.ts'
import { placeText } from './findings.ts'
import { search } from './search.ts'
import { findingJson, sayFindings, sayReports, summarize } from './view.ts'

export interface ScanOptions extends ConfigOption {
  readonly history?: true
  readonly prefix: readonly string[]
  readonly offline?: true
  readonly report?: true
  readonly json?: true
}

const DEFAULT_PREFIX = 'sk'

/** Resolves with whether nothing was found that matters: no active key; offline, no key at all. */
export async function scan(paths: readonly string[], options: ScanOptions): Promise<boolean> {
  const { settings } = await loadFor(options)
  const result = await search({
    paths,
    prefixes: [settings.keys.prefix, DEFAULT_PREFIX, ...options.prefix],
    history: options.history === true,
    ...{ onUnreadable: warnOfUnreadable, onShallow: warnOfShallow },
  })
  const { findings } = result
  if (findings.length === 0 || options.offline === true) {
    const assessed = findings.map(unknown)
    await (options.json === true
      ? sayJson(assessed.map((one) => findingJson(one)))
      : sayFindings(assessed))
    summarize(result, assessed)
    return findings.length === 0
  }
  return withChangingGate(options, async (gate) => {
    const assessed = await assess(gate, settings.keys, findings)
    if (options.json !== true) await sayFindings(assessed)
    const outcomes = options.report === true ? await reportActive(gate, assessed) : new Map()
    if (options.json !== true) await sayReports(outcomes)
    else await sayJson(assessed.map((one) => findingJson(one, outcomes.get(one.finding.keyId))))
    summarize(result, assessed)
    return !assessed.some(({ status }) => status === 'active')
  })
}

/** Their secrets were compared, so the report is by ID, as the operator's. */
async function reportActive(
  gate: Gate,
  assessed: readonly Assessed[],
): Promise<ReadonlyMap<string, LeakOutcome>> {
  const outcomes = new Map<string, LeakOutcome>()
  const requestId = `scan-${randomId(8)}`
  for (const { finding, status } of assessed) {
    if (status !== 'active') continue
    const [place] = finding.places
    const where = place && placeText(place)
    const report = { source: 'scan', where } as const
    const outcome = await gate.leaks.reportId(finding.keyId, report, { actor: 'cli', requestId })
    outcomes.set(finding.keyId, outcome)
  }
  if (outcomes.size > 0) await gate.post.deliver()
  return outcomes
}

const warnOfUnreadable = (path: string, reason: string): void =>
  warn(`lockgate: warning: ${printable(path)} cannot be read (${reason})`)

const warnOfShallow = (folder: string): void =>
  warn(
    `lockgate: warning: ${printable(folder)} is a shallow clone; "git fetch --unshallow" brings the rest of its history`,
  )

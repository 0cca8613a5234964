/** How findings are shown. Results go to stdout, one line a key; what to do next goes to stderr. */

import { timeText } from '../../admin/keys/key-json.ts'
import type { LeakOutcome } from '../../engine/gate.ts'
import { counted, printable, say, styled, warn } from '../output.ts'
import type { Assessed } from './assessment.ts'
import { placeText } from './findings.ts'
import type { SearchResult } from './search.ts'

const COLOURS = {
  active: 'red',
  disabled: 'yellow',
  unknown: 'yellow',
  revoked: 'green',
  expired: 'green',
} as const

/** The fields of a finding in JSON; `effect` is what a report of it did, null without one. */
export function findingJson(
  { finding, status, record, lastUsedAtMs }: Assessed,
  outcome?: LeakOutcome,
): object {
  return {
    key_id: finding.keyId,
    status: outcome === undefined ? status : 'revoked',
    owner: record?.owner.email ?? null,
    name: record?.name ?? null,
    last_used_at: lastUsedAtMs === null ? null : timeText(lastUsedAtMs),
    places: finding.places.map(placeText),
    count: finding.count,
    effect: outcome?.effect ?? null,
  }
}

export async function sayFindings(assessed: readonly Assessed[]): Promise<void> {
  for (const one of assessed) await say(lineOf(one))
}

function lineOf({ finding, status, record, lastUsedAtMs }: Assessed): string {
  const [place] = finding.places
  const used = lastUsedAtMs === null ? 'never used' : `last used ${timeText(lastUsedAtMs)}`
  const whose = record === null ? '' : ` (${record.owner.email}, ${used})`
  const others = finding.count - 1
  return [
    printable(place === undefined ? '' : placeText(place)),
    finding.keyId,
    `${styled(COLOURS[status], status)}${printable(whose)}`,
    ...(others === 0 ? [] : [`and ${counted(others, 'more place')}`]),
  ].join(' ')
}

export async function sayReports(outcomes: ReadonlyMap<string, LeakOutcome>): Promise<void> {
  for (const [keyId, { mailTo }] of outcomes) {
    const mail = mailTo === null ? 'no mail' : `mail to ${printable(mailTo)}`
    await say(`${keyId} revoked, ${mail}`)
  }
}

export function summarize({ files, objects }: SearchResult, assessed: readonly Assessed[]): void {
  const active = assessed.filter(({ status }) => status === 'active').length
  const history = objects === 0 ? '' : ` and ${counted(objects, 'object')} of history`
  const keys = `${counted(assessed.length, 'key')}${active === 0 ? '' : `, ${active} active`}`
  warn(`lockgate: ${counted(files, 'file')}${history}: ${keys}`)
}

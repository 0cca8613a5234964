/** The rows of a key's life as sentences. */
import type { AuditDetails, AuditEvent, AuditRow } from '../../core/audit.ts'
import { listed, type StoryItem, shortTime } from './story-item.ts'

const SOURCES: Readonly<Record<string, string>> = {
  holder: 'reported by someone who holds it',
  operator: 'reported by the operator',
  github: 'found by GitHub',
  scan: 'found by a scan of files',
}

type Sentence = Pick<StoryItem, 'tone' | 'what' | 'more'>

const SENTENCES: Partial<Record<AuditEvent, (row: AuditRow) => Sentence>> = {
  'key.created': (row) => ({
    ...{ tone: 'good', what: 'created', more: `${by(row)}${createdText(row.details)}` },
  }),
  'key.rotated': (row) => ({ tone: 'plain', what: 'rotated', more: by(row) + rotatedText(row) }),
  'key.revoked': (row) => ({ tone: 'bad', what: 'revoked', more: by(row) }),
  'key.disabled': (row) => ({ tone: 'bad', what: 'disabled', more: by(row) }),
  'key.enabled': (row) => ({ tone: 'good', what: 'enabled', more: by(row) }),
  'key.leaked': (row) => ({ tone: 'bad', what: 'leaked', more: leakedText(row) }),
  'key.suspicious': (row) => ({
    ...{ tone: 'warning', what: 'strange use', more: suspiciousText(row.details) },
  }),
  'key.kept': (row) => ({ tone: 'good', what: 'kept', more: `${by(row)}: the use was known` }),
  'key.replaced': (row) => ({
    ...{ tone: 'good', what: 'replaced', more: `${named(row, 'replaced_by', ' by')}${from(row)}` },
  }),
}

export function lifecycleItem(row: AuditRow): StoryItem {
  const { atMs, event, actor, address, requestId, details } = row
  const sentence = SENTENCES[event]?.(row) ?? { tone: 'plain', what: event, more: by(row) }
  return {
    ...{ atMs, event, ...sentence },
    fields: { actor, ip: address, request_id: requestId, details },
  }
}

const from = ({ address }: AuditRow): string => (address === null ? '' : ` from ${address}`)

function by(row: AuditRow): string {
  const who = row.actor === row.keyId ? 'the key itself' : row.actor
  return ` by ${who}${from(row)}`
}

function named({ details }: AuditRow, member: string, words: string): string {
  const value = details[member]
  return value === undefined || value === null ? '' : `${words} ${value}`
}

function createdText(details: AuditDetails): string {
  const { scopes, tier, expires_at: expires, imported } = details
  const replaced = details['replaces'] ?? details['rotated_from']
  const facts = [
    ...(typeof replaced === 'string' ? [`in place of ${replaced}`] : []),
    ...(imported === true ? ['with a hash from elsewhere'] : []),
    ...(typeof scopes === 'string' ? [`scopes ${listed(scopes.split(' '), 8)}`] : []),
    ...(tier === undefined ? [] : [`tier ${tier}`]),
    typeof expires === 'string' ? `expires ${shortTime(Date.parse(expires))}` : 'never expires',
  ]
  return `: ${facts.join('; ')}`
}

function rotatedText(row: AuditRow): string {
  const until = row.details['works_until']
  const works = typeof until === 'string' ? `, works until ${shortTime(Date.parse(until))}` : ''
  return `${named(row, 'replaced_by', '; the new key is')}${works}`
}

function leakedText(row: AuditRow): string {
  const { source } = row.details
  const who = SOURCES[`${source}`] ?? `reported by ${source ?? row.actor}`
  return `: ${who}${named(row, 'where', ', at')}${from(row)}`
}

function suspiciousText({ reason, seen, usual }: AuditDetails): string {
  const usually = usual === undefined || usual === null ? '' : `, usually ${usual}`
  if (reason === 'new_networks') return `: ${seen} new networks within an hour${usually}`
  if (reason === 'rate') return `: ${seen} requests within an hour${usually}`
  return reason === undefined ? '' : `: ${reason}`
}

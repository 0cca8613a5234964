/** A mail between its table row and its records. */
import type {
  ClaimedMail,
  KeptMail,
  MailDetails,
  MailKind,
  MailQueueState,
  MailResult,
  NewMail,
} from '../../core/mail.ts'
import type { OutboxTable } from './tables.ts'

/** A name is remembered for so long after its mail was sent or given up: it makes the mail unique. */
const NAME_KEPT_MS = 400 * 86_400_000

export const newMailRow = (mail: NewMail) =>
  rowFromMail({
    ...mail,
    ...{ state: 'waiting', dueAtMs: mail.createdAtMs, attempts: 0, problem: null },
    settledAtMs: null,
  })

export const rowFromMail = (mail: KeptMail) =>
  ({
    name: mail.name,
    kind: mail.kind,
    recipient: mail.to,
    audience: mail.audience,
    key_id: mail.keyId,
    link_id: mail.linkId,
    details: JSON.stringify(mail.details),
    created_at_ms: mail.createdAtMs,
    due_at_ms: mail.dueAtMs,
    attempts: mail.attempts,
    state: mail.state,
    problem: mail.problem,
    settled_at_ms: mail.settledAtMs,
  }) satisfies OutboxTable

const contentFromRow = (row: OutboxTable): NewMail => ({
  name: row.name,
  // Whoever wrote the row knew the kind; a check constraint admits the two audiences.
  kind: row.kind as MailKind,
  to: row.recipient,
  audience: row.audience as NewMail['audience'],
  keyId: row.key_id,
  linkId: row.link_id,
  details: JSON.parse(row.details) as MailDetails,
  createdAtMs: row.created_at_ms,
})

export const mailFromRow = (row: OutboxTable): KeptMail => ({
  ...contentFromRow(row),
  state: row.state as KeptMail['state'],
  dueAtMs: row.due_at_ms,
  attempts: row.attempts,
  problem: row.problem,
  settledAtMs: row.settled_at_ms,
})

/** From a row as it was before it was taken. */
export const claimedFromRow = (row: OutboxTable): ClaimedMail => ({
  ...contentFromRow(row),
  attempt: row.attempts + 1,
})

export function settledColumns(result: MailResult) {
  switch (result.kind) {
    case 'sent':
      return { state: 'sent', due_at_ms: null, problem: null, settled_at_ms: result.atMs }
    case 'retry': {
      const { dueAtMs, problem } = result
      return { state: 'waiting', due_at_ms: dueAtMs, problem, settled_at_ms: null }
    }
    case 'failed': {
      const { atMs, problem } = result
      return { state: 'failed', due_at_ms: null, problem, settled_at_ms: atMs }
    }
  }
}

export interface QueueRow {
  readonly state: string
  readonly mails: number
  readonly oldest_ms: number
}

export function queueFromRows(rows: readonly QueueRow[]): MailQueueState {
  const waiting = rows.find(({ state }) => state === 'waiting')
  const failed = rows.find(({ state }) => state === 'failed')
  return {
    waiting: waiting?.mails ?? 0,
    failed: failed?.mails ?? 0,
    oldestCreatedAtMs: waiting?.oldest_ms ?? null,
  }
}

/** What new mails let go of. Time comes with them. */
export const mailBefore = (mail: NewMail) => ({ forgotten_ms: mail.createdAtMs - NAME_KEPT_MS })

/** From a passed percentage of a cap to what tells of it: a mail and a webhook, both from the outbox. Pure. */
import type { NewMail } from '../../core/mail.ts'
import type { SpendCap } from '../../core/spend/caps.ts'

export interface Alert {
  readonly cap: SpendCap
  /** The configured one that was passed. */
  readonly percent: number
  readonly spentMicroUsd: number
  readonly atMs: number
}

export interface AlertReceivers {
  readonly mailTo: string | null
  readonly webhookUrl: string | null
}

/** `2026-11` for a calendar month, `2026-11-26` for a sliding day: an alert is told once in it. UTC. */
export const periodOf = ({ window }: Pick<SpendCap, 'window'>, atMs: number): string =>
  new Date(atMs).toISOString().slice(0, window === 'month' ? 7 : 10)

/** Their names are unique for good: cap, percentage, period, and the quota that it is a part of. */
export function alertMails(alert: Alert, receivers: AlertReceivers): readonly NewMail[] {
  const { cap, percent, spentMicroUsd, atMs } = alert
  const period = periodOf(cap, atMs)
  const name = `spend-account-${cap.window}-${percent}-${period}-of-${cap.quota}`
  const shared = {
    ...({ kind: 'spend.alert', keyId: '', linkId: null, createdAtMs: atMs } as const),
    details: {
      ...{ scope: 'account', cap: cap.name, window: cap.window, period },
      ...{ percent, spent_micro_usd: spentMicroUsd, quota_micro_usd: cap.quota },
      at: new Date(atMs).toISOString(),
    },
  }
  const mails: NewMail[] = []
  if (receivers.mailTo !== null) {
    mails.push({ ...shared, name, to: receivers.mailTo, audience: 'operator' })
  }
  if (receivers.webhookUrl !== null) {
    const hook = { name: `${name}-webhook`, to: receivers.webhookUrl, audience: 'webhook' } as const
    mails.push({ ...shared, ...hook })
  }
  return mails
}

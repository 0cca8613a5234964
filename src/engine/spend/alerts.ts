/**
 * Tells the operator how much of the account's spend caps is used: a mail, a webhook and an audit row at
 * each of the configured percentages, once per cap and period.
 *
 * What counts is what was spent: what running calls hold is taken off, so that a burst of calls is no
 * alarm. A cap counts as reached in full, too, where it refuses calls while nine tenths are spent: what
 * is left is then less than a call may cost, and the last cents are never spent.
 *
 * Every instance looks; the store takes each name of a mail once, so the first one tells. A cap that was
 * changed is another one, and is told of anew. Of several percentages that were passed since the last
 * look, the highest is told.
 */
import type { NewMail } from '../../core/mail.ts'
import type { Clock } from '../../core/ports/clock.ts'
import type { CapStatus } from '../../core/ports/counters.ts'
import type { Logger } from '../../core/ports/logger.ts'
import type { Store } from '../../core/ports/store.ts'
import type { SpendCap } from '../../core/spend/caps.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { SpendDesk } from '../gate.ts'
import { type Alert, alertMails, periodOf } from './alert-mails.ts'

const MINUTE_MS = 60_000
const FULL_PERCENT = 100
const NEARLY_FULL_PERCENT = 90
/** Refusals are written within about a second, and a look may be missed. */
const REFUSALS_SINCE_MS = 60_000
const REFUSALS_READ = 1_000
const MAX_REMEMBERED = 100

export interface SpendAlertParts {
  readonly spend: Pick<SpendDesk, 'settings' | 'caps' | 'report'>
  readonly store: Pick<Store, 'enqueueMail' | 'appendAudit' | 'readAuditTail'>
  readonly clock: Pick<Clock, 'wallMs'>
  readonly log: Logger
  readonly defaultActor: string
  /** Gets the mails where the alerts name nobody; null: nobody does. */
  readonly operatorCopy: string | null
  /** Mail is waiting. */
  readonly kick: () => void
}

export class SpendAlerts {
  readonly #parts: SpendAlertParts
  /** The highest percentage told, by cap and period. */
  readonly #told = new BoundedMap<string, number>(MAX_REMEMBERED)

  constructor(parts: SpendAlertParts) {
    this.#parts = parts
  }

  /** Rejects when counters or store failed; what was not told by then is told by the next look. */
  async run(): Promise<void> {
    const { spend, clock } = this.#parts
    const { atPercent } = spend.settings.alerts
    if (atPercent.length === 0) return
    const nowMs = clock.wallMs()
    for (const { scope, status } of await spend.caps()) {
      if (scope.kind !== 'account' || status.cap.unit !== 'micro_usd') continue
      const name = `${status.cap.name} ${status.cap.quota} ${periodOf(status.cap, nowMs)}`
      const toldPercent = this.#told.get(name) ?? 0
      const open = atPercent.filter((percent) => percent > toldPercent)
      const passed = await this.#passed(status, open, nowMs)
      if (passed === undefined) continue
      await this.#tell({ cap: status.cap, ...passed, atMs: nowMs })
      this.#told.set(name, passed.percent)
    }
  }

  /** The highest of `percents` that the cap has passed. The dear questions are asked only near one. */
  async #passed(
    { cap, used }: CapStatus,
    percents: readonly number[],
    nowMs: number,
  ): Promise<Pick<Alert, 'percent' | 'spentMicroUsd'> | undefined> {
    const isOver = (microUsd: number, percent: number): boolean =>
      cap.quota > 0 && microUsd * FULL_PERCENT >= cap.quota * percent
    const nearest = Math.min(...percents.map((percent) => Math.min(percent, NEARLY_FULL_PERCENT)))
    if (percents.length === 0 || !isOver(used, nearest)) return undefined
    const { reservedMicroUsd } = await this.#parts.spend.report({
      sinceMs: nowMs - (nowMs % MINUTE_MS),
    })
    const spentMicroUsd = Math.max(0, used - reservedMicroUsd)
    const isFull =
      isOver(spentMicroUsd, NEARLY_FULL_PERCENT) &&
      percents.includes(FULL_PERCENT) &&
      (isOver(spentMicroUsd, FULL_PERCENT) || (await this.#refuses(cap, nowMs)))
    const passed = percents.filter((percent) =>
      percent === FULL_PERCENT ? isFull : isOver(spentMicroUsd, percent),
    )
    return passed.length === 0 ? undefined : { percent: Math.max(...passed), spentMicroUsd }
  }

  /** Whether any instance refused a call because of this cap just now. */
  async #refuses({ name }: SpendCap, nowMs: number): Promise<boolean> {
    const sinceMs = nowMs - REFUSALS_SINCE_MS
    const query = { event: 'spend.exceeded', sinceMs, pageSize: REFUSALS_READ } as const
    const rows = await this.#parts.store.readAuditTail(query)
    return rows.some(({ row }) => row.details['limit'] === name)
  }

  async #tell(alert: Alert): Promise<void> {
    const { spend, store, log, defaultActor, operatorCopy, kick } = this.#parts
    const { mailTo, webhook } = spend.settings.alerts
    const mails: readonly NewMail[] = alertMails(alert, {
      mailTo: mailTo ?? operatorCopy,
      webhookUrl: webhook?.url ?? null,
    })
    // With nobody to tell, the audit log and this process's memory are all there is.
    if (mails.length > 0 && (await store.enqueueMail(mails)) === 0) return
    kick()
    const { cap, percent, spentMicroUsd, atMs } = alert
    const details = {
      ...{ cap: cap.name, percent, spent_micro_usd: spentMicroUsd, quota_micro_usd: cap.quota },
      period: periodOf(cap, atMs),
    }
    log.warn(details, "part of the account's spend cap is used")
    const entry = { atMs, event: 'spend.alerted', keyId: null, actor: defaultActor } as const
    await store.appendAudit([{ ...entry, address: null, requestId: null, details, count: 1 }])
  }
}

/**
 * What a gate does now and then for all that share its store. Every instance does it; each chore makes
 * sure that it is done once.
 */
import type { AuditSigner } from '../core/ports/audit-signer.ts'
import type { AnomalySettings, AuditSettings, MailSettings } from '../core/settings.ts'
import type { ActivityRecorder } from './activity/activity-recorder.ts'
import { AnomalyScan, type AnomalyScanParts } from './anomaly/anomaly-scan.ts'
import { every } from './every.ts'
import { type ReminderParts, ReminderRound } from './reminders/reminder-round.ts'
import { type PruneParts, pruneLog } from './retention/prune.ts'
import type { RoundTask } from './rounds.ts'
import { type SettingsDigests, type SettingsRecordParts, settingsTask } from './settings-record.ts'
import { type SpendAlertParts, SpendAlerts } from './spend/alerts.ts'
import type { Spending } from './spend/spending.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Not in the way of a start. */
const FIRST_REMINDERS_MS = 5_000
const SPEND_ALERTS_MS = 3_000
/** With the time of a lease, and of one round: nothing is held for more than 60 s in vain. */
const SPEND_EXPIRY_MS = 3_000

export interface ChoreParts
  extends Pick<AnomalyScanParts, 'cache' | 'counters' | 'log' | 'clock' | 'defaultActor' | 'kick'> {
  readonly store: AnomalyScanParts['store'] &
    ReminderParts['store'] &
    PruneParts['store'] &
    SettingsRecordParts['store'] &
    SpendAlertParts['store']
  readonly activity: Pick<ActivityRecorder, 'save'>
  readonly mail: Pick<MailSettings, 'operatorCopy'>
  readonly anomaly: AnomalySettings
  readonly expiryRemindersMs: readonly number[]
  readonly audit: Pick<AuditSettings, 'keepForMs' | 'keepRows'>
  readonly auditSigner?: AuditSigner | undefined
  readonly settingsDigests?: SettingsDigests | undefined
  /** undefined: nothing about money is configured. */
  readonly spending?: Pick<Spending, 'desk' | 'expire'> | undefined
}

export function createChores(parts: ChoreParts): readonly RoundTask[] {
  const { clock, activity, anomaly, expiryRemindersMs } = parts
  const { operatorCopy } = parts.mail
  const scan = new AnomalyScan({ ...parts, operatorCopy, settings: anomaly })
  const reminders = new ReminderRound({ ...parts, operatorCopy, remindersMs: expiryRemindersMs })
  return [
    ...settingsTasks(parts),
    ...spendTasks(parts),
    {
      name: 'anomalies',
      run: every(clock, { firstAfterMs: MINUTE_MS, everyMs: MINUTE_MS }, async () => {
        await activity.save()
        await scan.run()
      }),
    },
    {
      name: 'reminders',
      run: every(clock, { firstAfterMs: FIRST_REMINDERS_MS, everyMs: HOUR_MS }, () =>
        reminders.run(),
      ),
    },
    ...retentionTasks(parts),
  ]
}

function settingsTasks({ settingsDigests, store, clock, defaultActor }: ChoreParts): RoundTask[] {
  if (settingsDigests === undefined) return []
  const run = settingsTask({ store, clock, actor: defaultActor }, settingsDigests)
  return [{ name: 'settings', run }]
}

function spendTasks({ spending, mail, ...parts }: ChoreParts): RoundTask[] {
  if (spending === undefined) return []
  const { desk: spend, expire } = spending
  const alerts = new SpendAlerts({ ...parts, spend, operatorCopy: mail.operatorCopy })
  const pace = { firstAfterMs: SPEND_ALERTS_MS, everyMs: SPEND_ALERTS_MS }
  const expiryPace = { firstAfterMs: 0, everyMs: SPEND_EXPIRY_MS }
  return [
    { name: 'spend expiry', run: every(parts.clock, expiryPace, expire) },
    { name: 'spend alerts', run: every(parts.clock, pace, () => alerts.run()) },
  ]
}

/** Last in line, because the first time may take a while. */
function retentionTasks(parts: ChoreParts): RoundTask[] {
  const { store, clock, audit, auditSigner: signer, defaultActor: actor } = parts
  const { keepForMs, keepRows } = audit
  if (signer === undefined || (keepForMs === null && keepRows === null)) return []
  const run = every(clock, { firstAfterMs: MINUTE_MS, everyMs: HOUR_MS }, async () => {
    await pruneLog({ store, clock, signer, actor }, { keepForMs, keepRows })
  })
  return [{ name: 'retention', run }]
}

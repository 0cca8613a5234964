/**
 * What a gate does now and then for all that share its store. Every instance does it; each chore makes
 * sure that it is done once.
 */
import type { AnomalySettings, MailSettings } from '../core/settings.ts'
import type { ActivityRecorder } from './activity/activity-recorder.ts'
import { AnomalyScan, type AnomalyScanParts } from './anomaly/anomaly-scan.ts'
import { every } from './every.ts'
import { type ReminderParts, ReminderRound } from './reminders/reminder-round.ts'
import type { RoundTask } from './rounds.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Not in the way of a start. */
const FIRST_REMINDERS_MS = 5_000

export interface ChoreParts
  extends Pick<AnomalyScanParts, 'cache' | 'counters' | 'log' | 'clock' | 'defaultActor' | 'kick'> {
  readonly store: AnomalyScanParts['store'] & ReminderParts['store']
  readonly activity: Pick<ActivityRecorder, 'save'>
  readonly mail: Pick<MailSettings, 'operatorCopy'>
  readonly anomaly: AnomalySettings
  readonly expiryRemindersMs: readonly number[]
}

export function createChores(parts: ChoreParts): readonly RoundTask[] {
  const { clock, activity, anomaly, expiryRemindersMs } = parts
  const { operatorCopy } = parts.mail
  const scan = new AnomalyScan({ ...parts, operatorCopy, settings: anomaly })
  const reminders = new ReminderRound({ ...parts, operatorCopy, remindersMs: expiryRemindersMs })
  return [
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
  ]
}

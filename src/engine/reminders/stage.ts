/**
 * Which reminder a key that is about to expire is due. Pure.
 *
 * A stage lasts from one reminder to the next: with reminders at 14, 3 and 1 days, a key that has two
 * days left is in the stage of 3 days. Only the stage that a key is in counts, so that after a week
 * without anybody to send them an owner gets one mail and not three. A stage that had begun when the
 * key was made is left out: whoever asks for a key of two days need not be told at once.
 */
import type { KeyRecord } from '../../core/key/key-record.ts'

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const
const DAY_MS = 86_400_000

/** How long before the expiry the stage began; undefined where no reminder is due. */
export function stageOf(
  { createdAtMs, expiresAtMs }: Pick<KeyRecord, 'createdAtMs' | 'expiresAtMs'>,
  nowMs: number,
  remindersMs: readonly number[],
): number | undefined {
  if (expiresAtMs === null || expiresAtMs <= nowMs) return undefined
  const reached = remindersMs.filter((reminderMs) => reminderMs >= expiresAtMs - nowMs)
  if (reached.length === 0) return undefined
  const stageMs = Math.min(...reached)
  return expiresAtMs - stageMs > createdAtMs ? stageMs : undefined
}

/** `14d`, `36h`, `90m`: in the largest unit that tells it exactly. */
export function durationName(durationMs: number): string {
  const unit = UNITS.find(([, unitMs]) => durationMs % unitMs === 0)
  return unit === undefined ? `${durationMs}ms` : `${durationMs / unit[1]}${unit[0]}`
}

/** Whole days, begun ones included: a key that has 36 hours left has 2. */
export const daysLeft = (expiresAtMs: number, nowMs: number): number =>
  Math.ceil((expiresAtMs - nowMs) / DAY_MS)

/**
 * Retention by itself: within a few minutes of a start and then once an hour, rows beyond the bounds of
 * the settings go. A round that fails is tried again at the next.
 */
import type { AuditSettings } from '../../core/settings.ts'
import { type PruneParts, pruneLog } from './prune.ts'

const EVERY_MS = 60 * 60 * 1000

export class Retention {
  readonly #parts: PruneParts
  readonly #settings: AuditSettings
  #dueMs: number

  constructor(parts: PruneParts, settings: AuditSettings) {
    this.#parts = parts
    this.#settings = settings
    this.#dueMs = parts.clock.monotonicMs()
  }

  async runIfDue(): Promise<void> {
    const { keepForMs, keepRows } = this.#settings
    const nowMs = this.#parts.clock.monotonicMs()
    if ((keepForMs === null && keepRows === null) || nowMs < this.#dueMs) return
    await pruneLog(this.#parts, { keepForMs, keepRows })
    this.#dueMs = nowMs + EVERY_MS
  }
}

/** What one check of `lockgate doctor` found. */
export type FindingStatus = 'ok' | 'warn' | 'fail'

export interface Finding {
  /** Snake case and stable: `audit_log`, `database_file` … */
  readonly check: string
  readonly status: FindingStatus
  /** What is so and, unless all is well, what to do. */
  readonly detail: string
}

export const ok = (check: string, detail: string): Finding => ({ check, status: 'ok', detail })
export const caution = (check: string, detail: string): Finding => ({
  check,
  status: 'warn',
  detail,
})
export const fail = (check: string, detail: string): Finding => ({ check, status: 'fail', detail })

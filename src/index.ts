/** The public face of `lockgate`. Adapters have their own entries: `lockgate/express` and others. */
export { defineConfig, type LockgateConfig, loadSettings } from './config/index.ts'
export type { AuditEvent, AuditRow } from './core/audit.ts'
export type { Allowed, Decision, Denied, Identity } from './core/decision.ts'
export { ConfigError, ERRORS, type ErrorCode, LockgateError } from './core/errors.ts'
export type { KeyMode, KeyRecord, KeyStatus } from './core/key/key-record.ts'
export { type ScannerRules, scannerRules } from './core/key/scanner-rules.ts'
export type { Limit, LimitAlgorithm, LimitStatus } from './core/limits/limit.ts'
export type { MailDetails, MailKind } from './core/mail.ts'
export type { KeyActivity, NetworkActivity } from './core/ports/activity.ts'
export type { Clock } from './core/ports/clock.ts'
export type { Counters } from './core/ports/counters.ts'
export type { LinkPurpose } from './core/ports/links.ts'
export type { Logger } from './core/ports/logger.ts'
export { MailError, type Mailer, type OutgoingMail } from './core/ports/mailer.ts'
export type { GateMetrics, GateReadings } from './core/ports/metrics.ts'
export type { AuditQuery, KeyQuery, PositionedAuditRow, Store } from './core/ports/store.ts'
export type { GatewaySettings, Settings } from './core/settings.ts'
export type { Tier } from './core/tier.ts'
export type {
  Actor,
  AuditLog,
  AuditVerdict,
  CheckRequest,
  Gate,
  ImportKeyInput,
  IssuedKey,
  IssueKeyInput,
  IssueOptions,
  KeyDirectory,
  LeakDesk,
  LeakOutcome,
  LeakReport,
  LinkDesk,
  LinkView,
  Post,
} from './engine/gate.ts'
export { type GateOptions, type LockgateOptions, lockgate, openGate } from './lockgate.ts'

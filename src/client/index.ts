/**
 * `lockgate/client`: the admin API, typed, for any runtime with fetch. It loads nothing else of the
 * package. Nothing is sent again by itself: what may be is for the caller to know.
 */
export type { ClientOptions } from './call.ts'
export { createClient } from './client.ts'
export { LockgateApiError } from './errors.ts'
export type {
  AuditPage,
  AuditQuery,
  AuditRow,
  CreateKeyInput,
  CreateKeyOptions,
  DisabledKey,
  EnabledKey,
  Key,
  KeyPage,
  ListKeysQuery,
  LockgateClient,
  NewKey,
  RevokedKey,
  RotatedKey,
  RotateKeyInput,
  Verdict,
  VerifyInput,
} from './types.ts'

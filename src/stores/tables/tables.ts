/** The tables of both stores as Kysely sees them. STORAGE.md says what each column means. */
import type { Generated, Kysely } from 'kysely'

export interface OwnersTable {
  owner_id: Generated<number>
  email: string
  external_id: string | null
}

export interface KeysTable {
  key_id: string
  owner_id: number
  name: string | null
  tier: string
  scopes: string
  mode: string
  secret_hash: string
  status: string
  created_at_ms: number
  expires_at_ms: number | null
  revoked_at_ms: number | null
  version: number
  limit_overrides: string
  allowed_addresses: string
  rotated_from: string | null
}

export interface AuditTable {
  position: Generated<number>
  chain: string
  seq: number
  at_ms: number
  event: string
  key_id: string | null
  actor: string
  address: string | null
  request_id: string | null
  details: string
  count: number
  previous_hash: string
  hash: string
}

export interface AuditHeadsTable {
  chain: string
  seq: number
  hash: string
}

export interface UsageChunksTable {
  chunk_id: Generated<number>
  subject: string
  expires_at_ms: number
  admissions: Uint8Array
}

export interface UsageMetersTable {
  subject: string
  limit_name: string
  expires_at_ms: number
  state: Uint8Array
}

export interface IdempotencyKeysTable {
  key_hash: string
  digest: string
  key_id: string
  used_at_ms: number
}

export interface LinksTable {
  link_id: string
  key_id: string
  purpose: string
  created_at_ms: number
  closed_at_ms: number | null
  replacement_key_id: string | null
  suspended_version: number | null
}

export interface LinkTokensTable {
  token_hash: string
  link_id: string
  expires_at_ms: number
}

export interface OutboxTable {
  name: string
  kind: string
  recipient: string
  audience: string
  key_id: string
  link_id: string | null
  details: string
  created_at_ms: number
  due_at_ms: number
  attempts: number
  state: string
  problem: string | null
  settled_at_ms: number | null
}

export interface KeyActivityTable {
  key_id: string
  requests: number
  first_used_at_ms: number
  last_used_at_ms: number
}

export interface KeyNetworksTable extends KeyActivityTable {
  network: string
}

export interface KeyHoursTable {
  key_id: string
  hour_start_ms: number
  requests: number
}

export interface AuditCheckpointsTable extends AuditHeadsTable {
  at_ms: number
  signature: string
  public_key: string
}

export interface SpendReservationsTable {
  id: string
  key_id: string
  model: string | null
  at_ms: number
  micro_usd: number
  tokens: number
  lease_until_ms: number
  state: string
}

export interface SpendSumsTable {
  start_ms: number
  key_id: string
  model: string
  requests: number
  input_tokens: number
  cached_input_tokens: number
  cache_write_tokens: number
  output_tokens: number
  micro_usd: number
  tokens: number
}

export interface SpendResetsTable {
  scope_kind: string
  scope_id: string
  at_ms: number
  before_micro_usd: number
  before_tokens: number
}

export interface SpendCapsTable {
  scope_kind: string
  scope_id: string
  per_day_micro_usd: number | null
  per_month_micro_usd: number | null
  models: string | null
  max_output_tokens: number | null
}

export interface Tables {
  owners: OwnersTable
  keys: KeysTable
  audit: AuditTable
  audit_heads: AuditHeadsTable
  usage_chunks: UsageChunksTable
  usage_meters: UsageMetersTable
  idempotency_keys: IdempotencyKeysTable
  links: LinksTable
  link_tokens: LinkTokensTable
  outbox: OutboxTable
  key_activity: KeyActivityTable
  key_networks: KeyNetworksTable
  key_hours: KeyHoursTable
  audit_checkpoints: AuditCheckpointsTable
  spend_reservations: SpendReservationsTable
  /** By minute. */
  spend_sums: SpendSumsTable
  /** By day, UTC: of the same charges. */
  spend_days: SpendSumsTable
  spend_resets: SpendResetsTable
  spend_caps: SpendCapsTable
}

/** Builds typed SQL in the dialect of one store, and runs nothing. */
export type SqlBuilder = Kysely<Tables>

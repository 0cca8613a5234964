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

export interface Tables {
  owners: OwnersTable
  keys: KeysTable
  audit: AuditTable
  audit_heads: AuditHeadsTable
  usage_chunks: UsageChunksTable
  usage_meters: UsageMetersTable
  idempotency_keys: IdempotencyKeysTable
}

/** Builds typed SQL in the dialect of one store, and runs nothing. */
export type SqlBuilder = Kysely<Tables>

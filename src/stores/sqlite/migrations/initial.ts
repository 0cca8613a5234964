/** Schema version 1: owners, keys, audit log, usage checkpoints. */
import type { DatabaseSync } from 'node:sqlite'
import { emptyHead } from '../../../core/audit-chain.ts'

const SCHEMA = `
create table owners (
  owner_id integer primary key,
  email text not null unique,
  external_id text
) strict;

create table keys (
  key_id text primary key,
  owner_id integer not null references owners,
  name text,
  tier text not null,
  scopes text not null,
  mode text not null check (mode in ('live', 'test')),
  secret_hash text not null,
  status text not null check (status in ('active', 'disabled', 'revoked')),
  created_at_ms integer not null,
  expires_at_ms integer,
  revoked_at_ms integer,
  version integer not null check (version >= 1),
  limit_overrides text not null,
  allowed_addresses text not null,
  rotated_from text
) strict, without rowid;

create index keys_by_creation on keys (created_at_ms, key_id);
create index keys_by_owner on keys (owner_id, created_at_ms, key_id);
create index keys_by_tier on keys (tier, created_at_ms, key_id);

create table audit (
  position integer primary key,
  chain text not null,
  seq integer not null check (seq >= 1),
  at_ms integer not null,
  event text not null,
  key_id text,
  actor text not null,
  address text,
  request_id text,
  details text not null,
  count integer not null check (count >= 1),
  previous_hash text not null,
  hash text not null,
  unique (chain, seq)
) strict;

create index audit_by_key on audit (key_id) where key_id is not null;
create index audit_by_event on audit (event);
create index audit_by_time on audit (at_ms);

create table audit_heads (
  chain text primary key,
  seq integer not null,
  hash text not null
) strict;

create table usage_chunks (
  chunk_id integer primary key,
  subject text not null,
  expires_at_ms integer not null,
  admissions blob not null
) strict;

create index usage_chunks_by_expiry on usage_chunks (expires_at_ms);

create table usage_meters (
  subject text not null,
  limit_name text not null,
  expires_at_ms integer not null,
  state blob not null,
  primary key (subject, limit_name)
) strict, without rowid;

create index usage_meters_by_expiry on usage_meters (expires_at_ms);
`

export function createInitialSchema(db: DatabaseSync): void {
  db.exec(SCHEMA)
  const { chain } = db.prepare('select lower(hex(randomblob(16))) as chain').get() ?? {}
  const head = emptyHead(String(chain))
  db.prepare('insert into audit_heads (chain, seq, hash) values (?, 0, ?)').run(
    head.chain,
    head.hash,
  )
}

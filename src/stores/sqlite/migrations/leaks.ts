/** Schema version 3: links, mail, how keys are used, checkpoints of the audit log. */
import type { DatabaseSync } from 'node:sqlite'

export function addLeakTables(db: DatabaseSync): void {
  db.exec(`
create index keys_by_rotation on keys (rotated_from) where rotated_from is not null;

create table links (
  link_id text primary key,
  key_id text not null,
  purpose text not null check (purpose in ('leaked', 'suspicious')),
  created_at_ms integer not null,
  closed_at_ms integer,
  replacement_key_id text,
  suspended_version integer
) strict, without rowid;

create index links_by_key on links (key_id, created_at_ms);

create table link_tokens (
  token_hash text primary key,
  link_id text not null,
  expires_at_ms integer not null
) strict, without rowid;

create index link_tokens_by_link on link_tokens (link_id);
create index link_tokens_by_expiry on link_tokens (expires_at_ms);

create table outbox (
  name text primary key,
  kind text not null,
  recipient text not null,
  audience text not null check (audience in ('owner', 'operator')),
  key_id text not null,
  link_id text,
  details text not null,
  created_at_ms integer not null,
  due_at_ms integer not null,
  attempts integer not null check (attempts >= 0),
  state text not null check (state in ('waiting', 'sent', 'failed')),
  problem text,
  settled_at_ms integer
) strict, without rowid;

create index outbox_by_state on outbox (state, created_at_ms, name);
create index outbox_by_end on outbox (settled_at_ms) where settled_at_ms is not null;

create table key_activity (
  key_id text primary key,
  requests integer not null,
  first_used_at_ms integer not null,
  last_used_at_ms integer not null
) strict, without rowid;

create index key_activity_by_time on key_activity (last_used_at_ms);

create table key_networks (
  key_id text not null,
  network text not null,
  requests integer not null,
  first_used_at_ms integer not null,
  last_used_at_ms integer not null,
  primary key (key_id, network)
) strict, without rowid;

create index key_networks_by_time on key_networks (last_used_at_ms);

create table key_hours (
  key_id text not null,
  hour_start_ms integer not null,
  requests integer not null,
  primary key (key_id, hour_start_ms)
) strict, without rowid;

create index key_hours_by_time on key_hours (hour_start_ms);

create table audit_checkpoints (
  chain text primary key,
  seq integer not null check (seq >= 1),
  hash text not null,
  at_ms integer not null,
  signature text not null,
  public_key text not null
) strict, without rowid;
`)
}

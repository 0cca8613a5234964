/** Schema version 2: links, mail, how keys are used, checkpoints of the audit log. */

export const addLeakTables = (schema: string): string => `
create index keys_by_rotation on ${schema}.keys (rotated_from) where rotated_from is not null;

create table ${schema}.links (
  link_id text collate "C" primary key,
  key_id text collate "C" not null,
  purpose text collate "C" not null check (purpose in ('leaked', 'suspicious')),
  created_at_ms bigint not null,
  closed_at_ms bigint,
  replacement_key_id text collate "C",
  suspended_version bigint
);

create index links_by_key on ${schema}.links (key_id, created_at_ms);

create table ${schema}.link_tokens (
  token_hash text collate "C" primary key,
  link_id text collate "C" not null,
  expires_at_ms bigint not null
);

create index link_tokens_by_link on ${schema}.link_tokens (link_id);
create index link_tokens_by_expiry on ${schema}.link_tokens (expires_at_ms);

create table ${schema}.outbox (
  name text collate "C" primary key,
  kind text collate "C" not null,
  recipient text collate "C" not null,
  audience text collate "C" not null check (audience in ('owner', 'operator')),
  key_id text collate "C" not null,
  link_id text collate "C",
  details text collate "C" not null,
  created_at_ms bigint not null,
  due_at_ms bigint not null,
  attempts bigint not null check (attempts >= 0),
  state text collate "C" not null check (state in ('waiting', 'sent', 'failed')),
  problem text collate "C",
  settled_at_ms bigint
);

create index outbox_by_state on ${schema}.outbox (state, created_at_ms, name);
create index outbox_by_end on ${schema}.outbox (settled_at_ms) where settled_at_ms is not null;

create table ${schema}.key_activity (
  key_id text collate "C" primary key,
  requests bigint not null,
  first_used_at_ms bigint not null,
  last_used_at_ms bigint not null
);

create index key_activity_by_time on ${schema}.key_activity (last_used_at_ms);

create table ${schema}.key_networks (
  key_id text collate "C" not null,
  network text collate "C" not null,
  requests bigint not null,
  first_used_at_ms bigint not null,
  last_used_at_ms bigint not null,
  primary key (key_id, network)
);

create index key_networks_by_time on ${schema}.key_networks (last_used_at_ms);

create table ${schema}.key_hours (
  key_id text collate "C" not null,
  hour_start_ms bigint not null,
  requests bigint not null,
  primary key (key_id, hour_start_ms)
);

create index key_hours_by_time on ${schema}.key_hours (hour_start_ms);

create table ${schema}.audit_checkpoints (
  chain text collate "C" primary key,
  seq bigint not null check (seq >= 1),
  hash text collate "C" not null,
  at_ms bigint not null,
  signature text collate "C" not null,
  public_key text collate "C" not null
);
`

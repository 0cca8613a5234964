/** Schema version 4: the spend ledger; webhooks in the outbox. */
import type { DatabaseSync } from 'node:sqlite'

const SUMS = `(
  start_ms integer not null,
  key_id text not null,
  model text not null,
  requests integer not null,
  input_tokens integer not null,
  cached_input_tokens integer not null,
  cache_write_tokens integer not null,
  output_tokens integer not null,
  micro_usd integer not null,
  tokens integer not null,
  primary key (start_ms, key_id, model)
) strict, without rowid`

const SCOPES = `check (
  scope_kind in ('key', 'owner', 'tier') or (scope_kind = 'account' and scope_id = '')
)`

export function addSpendTables(db: DatabaseSync): void {
  db.exec(`
create table spend_reservations (
  id text primary key,
  key_id text not null,
  model text,
  at_ms integer not null,
  micro_usd integer not null check (micro_usd >= 0),
  tokens integer not null check (tokens >= 0),
  lease_until_ms integer not null,
  state text not null check (state in ('open', 'expired'))
) strict, without rowid;

create table spend_sums ${SUMS};
create index spend_sums_by_key on spend_sums (key_id, start_ms);

create table spend_days ${SUMS};
create index spend_days_by_key on spend_days (key_id, start_ms);

create table spend_resets (
  scope_kind text not null,
  scope_id text not null,
  at_ms integer not null,
  before_micro_usd integer not null,
  before_tokens integer not null,
  primary key (scope_kind, scope_id),
  ${SCOPES}
) strict, without rowid;

create table spend_caps (
  scope_kind text not null,
  scope_id text not null,
  per_day_micro_usd integer check (per_day_micro_usd >= 0),
  per_month_micro_usd integer check (per_month_micro_usd >= 0),
  models text,
  max_output_tokens integer check (max_output_tokens >= 0),
  primary key (scope_kind, scope_id),
  ${SCOPES}
) strict, without rowid;

create table outbox_with_webhooks (
  name text primary key,
  kind text not null,
  recipient text not null,
  audience text not null check (audience in ('owner', 'operator', 'webhook')),
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

insert into outbox_with_webhooks select * from outbox;
drop table outbox;
alter table outbox_with_webhooks rename to outbox;
create index outbox_by_state on outbox (state, created_at_ms, name);
create index outbox_by_end on outbox (settled_at_ms) where settled_at_ms is not null;
`)
}

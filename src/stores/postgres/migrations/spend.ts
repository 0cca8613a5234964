/** Schema version 3: the spend ledger; webhooks in the outbox. */

const SUMS = `(
  start_ms bigint not null,
  key_id text collate "C" not null,
  model text collate "C" not null,
  requests bigint not null,
  input_tokens bigint not null,
  cached_input_tokens bigint not null,
  cache_write_tokens bigint not null,
  output_tokens bigint not null,
  micro_usd bigint not null,
  tokens bigint not null,
  primary key (start_ms, key_id, model)
)`

const SCOPES = `check (
  scope_kind in ('key', 'owner', 'tier') or (scope_kind = 'account' and scope_id = '')
)`

export const addSpendTables = (schema: string): string => `
create table ${schema}.spend_reservations (
  id text collate "C" primary key,
  key_id text collate "C" not null,
  model text collate "C",
  at_ms bigint not null,
  micro_usd bigint not null check (micro_usd >= 0),
  tokens bigint not null check (tokens >= 0),
  lease_until_ms bigint not null,
  state text collate "C" not null check (state in ('open', 'expired'))
);

create table ${schema}.spend_sums ${SUMS};
create index spend_sums_by_key on ${schema}.spend_sums (key_id, start_ms);

create table ${schema}.spend_days ${SUMS};
create index spend_days_by_key on ${schema}.spend_days (key_id, start_ms);

create table ${schema}.spend_resets (
  scope_kind text collate "C" not null,
  scope_id text collate "C" not null,
  at_ms bigint not null,
  before_micro_usd bigint not null,
  before_tokens bigint not null,
  primary key (scope_kind, scope_id),
  ${SCOPES}
);

create table ${schema}.spend_caps (
  scope_kind text collate "C" not null,
  scope_id text collate "C" not null,
  per_day_micro_usd bigint check (per_day_micro_usd >= 0),
  per_month_micro_usd bigint check (per_month_micro_usd >= 0),
  models text collate "C",
  max_output_tokens bigint check (max_output_tokens >= 0),
  primary key (scope_kind, scope_id),
  ${SCOPES}
);

alter table ${schema}.outbox drop constraint outbox_audience_check;
alter table ${schema}.outbox add constraint outbox_audience_check
  check (audience in ('owner', 'operator', 'webhook'));
`

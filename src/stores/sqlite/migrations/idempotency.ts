/** Schema version 2: which key an idempotency key made. */
import type { DatabaseSync } from 'node:sqlite'

export function addIdempotencyKeys(db: DatabaseSync): void {
  db.exec(`
create table idempotency_keys (
  key_hash text primary key,
  digest text not null,
  key_id text not null,
  used_at_ms integer not null
) strict, without rowid;

create index idempotency_keys_by_time on idempotency_keys (used_at_ms);
`)
}

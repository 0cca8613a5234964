/**
 * Which hash chain this instance appends to: one per instance at a time.
 *
 * A chain belongs to its holder until `held_until_ms`; each append holds it for another lease, and
 * closing the store lets go of it. An instance without a chain takes over one that nobody holds, else
 * begins a new one. So there are about as many chains as instances that write at once, and a command
 * that runs once continues an idle chain.
 *
 * Concurrency: called with the lock of the audit log, and the head's row is locked too. A holder whose
 * lease was taken over finds out here, and takes another chain.
 */
import { sql as raw } from 'kysely'
import type { AuditHead } from '../../core/audit.ts'
import { emptyHead } from '../../core/audit-chain.ts'
import { randomBytesOf, randomId } from '../../core/crypto.ts'
import type { Session } from './session.ts'
import { NOW_MS, type Sql } from './sql.ts'

export class Chains {
  readonly #sql: Sql
  readonly #leaseMs: number
  /** This instance. */
  readonly #holder = randomId(22)

  constructor(sql: Sql, leaseMs: number) {
    this.#sql = sql
    this.#leaseMs = leaseMs
  }

  /** The head that the next row of this instance follows. */
  async head(session: Session): Promise<AuditHead> {
    const heads = this.#sql.own.selectFrom('audit_heads').select(['chain', 'seq', 'hash'])
    const held = heads.where('holder', '=', this.#holder)
    const idle = heads.where('held_until_ms', '<=', NOW_MS).orderBy('chain')
    return (
      (await session.get(held.forUpdate())) ??
      (await session.get(idle.limit(1).forUpdate())) ??
      emptyHead(randomBytesOf(16).toString('hex'))
    )
  }

  /** The head after an append, which renews the lease. */
  async moveHead(session: Session, head: AuditHead): Promise<void> {
    const held_until_ms = raw<number>`${NOW_MS} + ${this.#leaseMs}::bigint`
    await session.all(
      this.#sql.own
        .insertInto('audit_heads')
        .values({ ...head, holder: this.#holder, held_until_ms })
        .onConflict((conflict) =>
          conflict.column('chain').doUpdateSet(({ ref }) => ({
            seq: ref('excluded.seq'),
            hash: ref('excluded.hash'),
            holder: ref('excluded.holder'),
            held_until_ms: ref('excluded.held_until_ms'),
          })),
        ),
    )
  }

  async letGo(session: Session): Promise<void> {
    const free = { holder: null, held_until_ms: 0 }
    const heads = this.#sql.own.updateTable('audit_heads').set(free)
    await session.all(heads.where('holder', '=', this.#holder))
  }
}

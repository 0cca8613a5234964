/** What verification says of a database after someone has been at it. */
import { type ChainVerdict, ChainVerifier } from '../../src/core/audit-chain.ts'
import type { Store } from '../../src/core/ports/store.ts'

/** A database of one test. */
export interface TamperedDatabase {
  readonly store: Store
  /** Runs statements behind the store's back. */
  run(...statements: string[]): Promise<void>
}

/** Statements that let two rows change places. */
export const swap = (one: number, other: number) => [
  `update audit set position = 1000000 where position = ${one}`,
  `update audit set position = ${one} where position = ${other}`,
  `update audit set position = ${other} where position = 1000000`,
]

export async function verdictOf(store: Store): Promise<ChainVerdict> {
  const verifier = new ChainVerifier(await store.auditHeads(), await store.auditCheckpoints())
  for (const { row } of await store.readAudit({ pageSize: 10_000 })) verifier.feed(row)
  return verifier.finish()
}

export const placeIn = (verdict: ChainVerdict): string =>
  verdict.intact ? 'intact' : `${verdict.problem} ${verdict.seq}`

/** The verdict after someone has run `statements`; undoes them afterwards. */
export async function verdictAfter(
  { store, run }: TamperedDatabase,
  ...statements: string[]
): Promise<ChainVerdict> {
  const tables = ['audit', 'audit_heads', 'audit_checkpoints']
  await run(...tables.map((table) => `create table kept_${table} as select * from ${table}`))
  await run(...statements)
  const verdict = await verdictOf(store)
  for (const table of tables) {
    await run(
      `delete from ${table}`,
      `insert into ${table} select * from kept_${table}`,
      `drop table kept_${table}`,
    )
  }
  return verdict
}

/** The keys before and after a key: by rotation, or by the one click after a leak. */
import { LockgateError } from '../../core/errors.ts'
import type { KeyRecord } from '../../core/key/key-record.ts'
import type { Gate } from '../../engine/gate.ts'

const PAGE_SIZE = 1_000

export interface Family {
  /** The nearest first. */
  readonly predecessors: readonly KeyRecord[]
  /** The nearest first; of each, what came of it follows the others of its generation. */
  readonly successors: readonly KeyRecord[]
}

export async function readFamily(keys: Gate['keys'], record: KeyRecord): Promise<Family> {
  const siblings = await keysOf(keys, record.owner.email)
  const byId = new Map(siblings.map((sibling) => [sibling.keyId, sibling]))
  const predecessors: KeyRecord[] = []
  // Data that was tampered with could go round in a circle.
  const seen = new Set([record.keyId])
  for (let id = record.rotatedFrom; id !== null && !seen.has(id); ) {
    seen.add(id)
    const before = byId.get(id) ?? (await findIfThere(keys, id))
    if (before === undefined) break
    predecessors.push(before)
    id = before.rotatedFrom
  }
  return { predecessors, successors: successorsOf(record, siblings) }
}

function successorsOf(record: KeyRecord, siblings: readonly KeyRecord[]): KeyRecord[] {
  const children = Map.groupBy(siblings, ({ rotatedFrom }) => rotatedFrom)
  const seen = new Set([record.keyId])
  const found: KeyRecord[] = []
  for (let generation = [record]; generation.length > 0; ) {
    const next = generation.flatMap(({ keyId }) => children.get(keyId) ?? [])
    generation = next.filter(({ keyId }) => !seen.has(keyId))
    for (const { keyId } of generation) seen.add(keyId)
    found.push(...generation)
  }
  return found
}

async function keysOf(keys: Gate['keys'], ownerEmail: string): Promise<KeyRecord[]> {
  const found: KeyRecord[] = []
  for (;;) {
    const after = found.at(-1)?.keyId
    const query = { ownerEmail, pageSize: PAGE_SIZE, ...(after === undefined ? {} : { after }) }
    const page = await keys.list(query)
    found.push(...page)
    if (page.length < PAGE_SIZE) return found
  }
}

async function findIfThere(keys: Gate['keys'], keyId: string): Promise<KeyRecord | undefined> {
  try {
    return await keys.find(keyId)
  } catch (error) {
    if (error instanceof LockgateError && error.code === 'not_found') return undefined
    throw error
  }
}

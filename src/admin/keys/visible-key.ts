/** Which keys a caller may see: all with `admin`, otherwise those of its own owner. */
import type { Identity } from '../../core/decision.ts'
import { LockgateError } from '../../core/errors.ts'
import type { KeyRecord } from '../../core/key/key-record.ts'
import type { Gate } from '../../engine/gate.ts'

export const isAdmin = ({ scopes }: Pick<Identity, 'scopes'>): boolean => scopes.includes('admin')

export const maySee = (caller: Identity, { owner }: KeyRecord): boolean =>
  isAdmin(caller) || owner.email === caller.owner

/**
 * Rejects with `not_found`, in the same words for a key of another owner, for one that is not there
 * and for what is no key_id. The id is not repeated: it could be a whole key.
 */
export async function visibleKey(
  gate: Gate,
  caller: Identity,
  { id = '' }: Readonly<Record<string, string>>,
): Promise<KeyRecord> {
  const record = /^[0-9A-Za-z]{8}$/.test(id) ? await found(gate, id) : undefined
  if (record === undefined || !maySee(caller, record)) throw new LockgateError('not_found')
  return record
}

export async function found(gate: Gate, keyId: string): Promise<KeyRecord | undefined> {
  try {
    return await gate.keys.find(keyId)
  } catch (error) {
    if (error instanceof LockgateError && error.code === 'not_found') return undefined
    throw error
  }
}

/** Exported heads as a JSON file, and back. What is read was kept elsewhere and may be anything. */
import type { SignedPlace } from '../core/audit-signature.ts'
import { CommandError } from './failure.ts'

const HASH = /^[0-9a-f]{64}$/
const BASE64URL = /^[\w-]{1,200}$/

export function headsText(heads: readonly SignedPlace[]): string {
  const shown = heads.map(({ chain, seq, hash, atMs, signature, publicKey }) => ({
    ...{ chain, seq, hash, time: new Date(atMs).toISOString() },
    ...{ signature, public_key: publicKey },
  }))
  return `${JSON.stringify({ heads: shown }, null, 2)}\n`
}

/** Throws a CommandError that names `file`. */
export function parseHeads(text: string, file: string): SignedPlace[] {
  const heads = membersOf(parsed(text)).get('heads')
  const read = Array.isArray(heads) ? heads.map(headOf) : []
  const known = read.filter((head) => head !== undefined)
  if (Array.isArray(heads) && known.length === read.length) return known
  throw new CommandError(`${file} is no file of "lockgate audit head"; export one anew`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function headOf(value: unknown): SignedPlace | undefined {
  const members = membersOf(value)
  const [chain, seq, hash] = [members.get('chain'), members.get('seq'), members.get('hash')]
  const [signature, publicKey] = [members.get('signature'), members.get('public_key')]
  const atMs = Date.parse(String(members.get('time')))
  const isPlace = isText(chain) && typeof seq === 'number' && Number.isSafeInteger(seq) && seq > 0
  if (!isPlace || !isText(hash, HASH) || Number.isNaN(atMs)) return undefined
  if (!isText(signature, BASE64URL) || !isText(publicKey, BASE64URL)) return undefined
  return { chain, seq, hash, atMs, signature, publicKey }
}

const isText = (value: unknown, pattern = /^/): value is string =>
  typeof value === 'string' && pattern.test(value)

const membersOf = (value: unknown): ReadonlyMap<string, unknown> =>
  new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])

/** Control of keys: issue, import, rotate, revoke, disable, enable, find, list. */
import type { AuditEvent } from '../core/audit.ts'
import { LockgateError } from '../core/errors.ts'
import type { KeyFormat } from '../core/key/format.ts'
import type { KeyRecord } from '../core/key/key-record.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Counters } from '../core/ports/counters.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Idempotency, KeyChange, KeyQuery, NewKey, Store } from '../core/ports/store.ts'
import type { Tier } from '../core/tier.ts'
import type {
  Actor,
  ImportKeyInput,
  IssuedKey,
  IssueKeyInput,
  IssueOptions,
  KeyDirectory,
} from './gate.ts'
import { idempotencyOf, repeated } from './idempotency.ts'
import type { KeyCache } from './key-cache.ts'
import { announce, draftOf, findOrThrow } from './key-changes.ts'
import { changeOf, createdDetails, entryOf } from './key-entries.ts'
import { checkKeyInput, MAX_TIME_MS } from './key-input.ts'
import type { SecretHasher } from './secrets/hasher.ts'

const DEFAULT_PAGE_SIZE = 100
const DEFAULT_GRACE_MS = 24 * 60 * 60 * 1000
/** 62^8 key_ids: one collision is luck, three in a row is a broken random source. */
const MAX_ISSUE_ATTEMPTS = 3

export interface KeyDirectoryParts {
  readonly store: Store
  readonly counters: Counters
  readonly cache: KeyCache
  readonly format: KeyFormat
  readonly hasher: SecretHasher
  readonly clock: Clock
  readonly tiers: ReadonlyMap<string, Tier>
  readonly defaultActor: string
  readonly log: Logger
}

export function createKeyDirectory(parts: KeyDirectoryParts): KeyDirectory {
  const { store, clock, tiers, hasher, format } = parts

  async function create(
    make: () => Promise<{ key: string; draft: NewKey }>,
    actor: Actor | undefined,
    idempotency: Idempotency | undefined,
  ): Promise<IssuedKey> {
    for (let attempt = 1; ; attempt++) {
      const { key, draft } = await make()
      const audit = entryOf(parts, 'key.created', changeOf(draft), actor, createdDetails(draft))
      const record = await store.insertKey(draft, audit, idempotency).catch((error: unknown) => {
        const taken = error instanceof LockgateError && error.code === 'conflict'
        if (!taken || attempt === MAX_ISSUE_ATTEMPTS) throw error
        return undefined
      })
      if (record === undefined) continue
      if (record.keyId !== draft.keyId) throw repeated(record)
      parts.cache.put(record)
      return { key, record }
    }
  }

  async function change(event: AuditEvent, keyId: string, change: KeyChange, actor?: Actor) {
    const atMs = change.kind === 'revoke' ? change.atMs : clock.wallMs()
    const audit = entryOf(parts, event, { keyId, atMs }, actor, {})
    const record = await store.changeKey(keyId, change, audit)
    await announce(parts, record)
    return record
  }

  return Object.freeze({
    async issue(input: IssueKeyInput, actor?: Actor, options?: IssueOptions): Promise<IssuedKey> {
      const chosen = checkKeyInput(input, tiers, clock.wallMs())
      const make = async () => {
        const { key, keyId, secret } = format.generate(chosen.mode)
        return { key, draft: draftOf(parts, keyId, await hasher.hash(secret), chosen) }
      }
      return create(make, actor, idempotencyOf(options, chosen))
    },

    async importHash(input: ImportKeyInput, actor?: Actor): Promise<KeyRecord> {
      const chosen = checkKeyInput(input, tiers, clock.wallMs())
      checkKeyId(input.keyId)
      hasher.inspect(input.secretHash)
      const draft = draftOf(parts, input.keyId, input.secretHash, chosen)
      const audit = entryOf(parts, 'key.created', changeOf(draft), actor, {
        ...createdDetails(draft),
        imported: true,
      })
      const record = await store.insertKey(draft, audit)
      parts.cache.put(record)
      return record
    },

    async rotate(
      keyId: string,
      options: { readonly graceMs?: number } = {},
      actor?: Actor,
    ): Promise<IssuedKey> {
      const { graceMs = DEFAULT_GRACE_MS } = options
      const ends = Number.isSafeInteger(graceMs) && clock.wallMs() + graceMs <= MAX_TIME_MS
      if (!ends || graceMs < 0) {
        const problem = 'the grace period must be 0 ms or longer and end before the year 10000'
        throw new LockgateError('invalid_field', problem)
      }
      return rotate(parts, keyId, graceMs, actor)
    },

    revoke: (keyId: string, actor?: Actor) =>
      change('key.revoked', keyId, { kind: 'revoke', atMs: clock.wallMs() }, actor),
    disable: (keyId: string, actor?: Actor) =>
      change('key.disabled', keyId, { kind: 'disable' }, actor),
    enable: (keyId: string, actor?: Actor) =>
      change('key.enabled', keyId, { kind: 'enable' }, actor),
    find: (keyId: string) => findOrThrow(store, keyId),
    list: (query: Partial<KeyQuery> = {}) =>
      store.listKeys({ pageSize: DEFAULT_PAGE_SIZE, ...query }),
  })
}

async function rotate(
  parts: KeyDirectoryParts,
  keyId: string,
  graceMs: number,
  actor?: Actor,
): Promise<IssuedKey> {
  const { store, format, hasher, clock } = parts
  const old = await findOrThrow(store, keyId)
  const nowMs = clock.wallMs()
  if (old.status === 'revoked' || (old.expiresAtMs !== null && old.expiresAtMs <= nowMs)) {
    throw new LockgateError('conflict', await whyEnded(store, keyId))
  }
  const { key, keyId: newId, secret } = format.generate(old.mode)
  const secretHash = await hasher.hash(secret)
  const draft = { ...draftOf(parts, newId, secretHash, old), rotatedFrom: keyId }
  const endsAtMs = Math.min(nowMs + graceMs, old.expiresAtMs ?? Number.POSITIVE_INFINITY)
  const { old: ended, replacement } = await store.rotateKey(keyId, draft, endsAtMs, [
    entryOf(parts, 'key.created', changeOf(draft), actor, {
      ...createdDetails(draft),
      rotated_from: keyId,
    }),
    entryOf(parts, 'key.rotated', { keyId, atMs: draft.createdAtMs }, actor, {
      replaced_by: newId,
      works_until: new Date(endsAtMs).toISOString(),
    }),
  ])
  await announce(parts, ended)
  parts.cache.put(replacement)
  return { key, record: replacement }
}

/** A rotation that is sent again, after a short grace period, learns what the first one made. */
async function whyEnded(store: Store, keyId: string): Promise<string> {
  const [newest] = await store.readAuditTail({ keyId, event: 'key.rotated', pageSize: 1 })
  const next = newest?.row.details['replaced_by']
  if (next === undefined) return `key ${keyId} has ended; create a new one instead`
  return `key ${keyId} was rotated to ${next} and has ended; if the new key is lost, rotate ${next}`
}

function checkKeyId(keyId: string): void {
  if (/^[0-9A-Za-z]{8}$/.test(keyId)) return
  throw new LockgateError('invalid_field', 'a key_id has 8 letters and digits')
}

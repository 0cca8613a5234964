/** Gates with a clock to move and a mailer to script, on one database file. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveSettings } from '../../src/config/resolve-settings.ts'
import type { Logger } from '../../src/core/ports/logger.ts'
import type { Store } from '../../src/core/ports/store.ts'
import { createMemoryCounters } from '../../src/counters/memory/index.ts'
import { createGate } from '../../src/engine/create-gate.ts'
import type { CheckRequest, Gate } from '../../src/engine/gate.ts'
import { mailsOf } from '../../src/engine/post/notices.ts'
import type { LockgateConfig } from '../../src/index.ts'
import { openSqliteStore } from '../../src/stores/sqlite/index.ts'
import { createTestClock, type TestClock } from '../../src/testing/test-clock.ts'
import { ScriptedMailer, tokenOf } from './scripted-mailer.ts'

export const OWNER = 'ada@example.com'
export const ADDRESS = '203.0.113.7'
export const PUBLIC_URL = 'https://keys.example.com/base'
/** Hashing with the least that argon2id takes: nothing here is about hashing. */
const QUICK_HASH = { argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 } }

export interface GateOfRig {
  readonly config?: LockgateConfig
  /** Default false: what is due is delivered when the test says so. */
  readonly chores?: boolean
  /** null: it delivers nothing. */
  readonly mailer?: null
  /** Stands between the gate and its store. */
  readonly through?: (store: Store) => Store
}

export class PostRig {
  readonly clock: TestClock = createTestClock()
  readonly mailer = new ScriptedMailer()
  /** Everything that was logged, as JSON lines. */
  readonly logged: string[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'lockgate-post-'))
  readonly #open: Gate[] = []

  /** Another one is another process, as far as the database can tell. */
  async open(parts: GateOfRig = {}): Promise<Gate> {
    const { config = {}, chores = false, mailer = this.mailer, through } = parts
    const store = await this.openStore()
    const { clock } = this
    const gate = await createGate({
      ...resolveSettings({ keys: QUICK_HASH, publicUrl: PUBLIC_URL, ...config }, {}, {}),
      ...{ store: through?.(store) ?? store, counters: createMemoryCounters({ clock }) },
      ...{ clock, mailer, chores, log: this.#logger(), actor: 'test' },
    })
    this.#open.push(gate)
    return gate
  }

  openStore(): Promise<Store> {
    return openSqliteStore({ path: join(this.#folder, 'lockgate.db') })
  }

  /** All bytes of the database, as text. */
  databaseText(): string {
    return readdirSync(this.#folder)
      .map((file) => readFileSync(join(this.#folder, file), 'latin1'))
      .join('')
  }

  async stop(): Promise<void> {
    for (const gate of this.#open) await gate.close().catch(() => undefined)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #logger(): Logger {
    const line = (level: string) => (fields: object, message: string) => {
      const plain = JSON.stringify(fields, (_, value: unknown) =>
        value instanceof Error ? `${value.stack} ${value.cause}` : value,
      )
      this.logged.push(`${level} ${plain} ${message}`)
    }
    return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  }
}

export const ask = async (gate: Gate, presentedKey: string, more: Partial<CheckRequest> = {}) =>
  gate.check({ presentedKey, address: ADDRESS, requestId: 'req_test', ...more })

/** What another process does takes at least a turn of the event loop; here it has to be said. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Event, key_id and actor of each row, oldest first. */
export async function eventsOf(gate: Gate, keyId?: string): Promise<string[]> {
  const rows = await gate.audit.tail({ pageSize: 1_000, ...(keyId === undefined ? {} : { keyId }) })
  return rows.map(({ row }) => row.event)
}

/** Raises a suspicion as an anomaly does, and resolves with the link's token from the mail. */
export async function suspect(rig: PostRig, gate: Gate, keyId: string, suspend: boolean) {
  const store = await rig.openStore()
  const atMs = rig.clock.wallMs()
  const key = await gate.keys.find(keyId)
  const linkId = `link-of-${keyId}`
  const details = { reason: 'rate', seen: 500, usual: 5 }
  const entry = {
    ...{ atMs, keyId, actor: 'test', address: null, requestId: null, count: 1 },
  }
  const notice = { name: `suspicious-${linkId}`, kind: 'key.suspicious', key, linkId } as const
  await store.raiseSuspicion(keyId, {
    ...{ atMs, suspend, quietSinceMs: 0 },
    link: { linkId, keyId, purpose: 'suspicious', createdAtMs: atMs },
    mails: mailsOf({ ...notice, atMs, details }, null),
    suspicious: { ...entry, event: 'key.suspicious', details },
    disabled: { ...entry, event: 'key.disabled', details: {} },
  })
  await store.close()
  await nextTurn()
  await gate.post.deliver()
  return tokenOf(rig.mailer.taken.at(-1))
}

/** Reports a key and resolves with the link's token from the mail. */
export async function leak(rig: PostRig, gate: Gate, keyId: string): Promise<string> {
  await gate.leaks.reportId(keyId, { source: 'operator', where: 'src/app.ts:12' })
  await gate.post.deliver()
  return tokenOf(rig.mailer.taken.at(-1))
}

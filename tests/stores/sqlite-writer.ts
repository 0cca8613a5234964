/**
 * A process that writes to a database: `node sqlite-writer.ts PATH NAME [COUNT]`.
 *
 * Creates keys, revokes every second one, appends refusals, and opens a call of each key, of which it
 * settles every second one, without end or COUNT times, and prints one JSON line per acknowledged change, after it was acknowledged. Its key_ids start with
 * NAME, three characters.
 */
import { writeSync } from 'node:fs'
import type { Store } from '../../src/core/ports/store.ts'
import { openSqliteStore } from '../../src/stores/sqlite/index.ts'
import { reservationOf, settlementOf } from '../../src/testing/store-contract/ledger-samples.ts'
import { insert, START_MS, sampleEntry } from '../../src/testing/store-contract/samples.ts'

/** What an acknowledged change was. */
export interface Acknowledged {
  readonly did: 'opened' | 'created' | 'revoked' | 'appended' | 'held' | 'settled'
  readonly keyId: string
}

function say(acknowledged: Acknowledged): void {
  writeSync(1, `${JSON.stringify(acknowledged)}\n`)
}

async function writeOnce(store: Store, keyId: string, index: number): Promise<void> {
  await insert(store, keyId)
  say({ did: 'created', keyId })
  if (index % 2 === 0) {
    const entry = sampleEntry('key.revoked', { keyId })
    await store.changeKey(keyId, { kind: 'revoke', atMs: START_MS }, entry)
    say({ did: 'revoked', keyId })
  }
  await store.appendAudit([sampleEntry('limit.exceeded', { keyId })])
  say({ did: 'appended', keyId })
  const usage = { subject: `k${keyId}`, admissionsMs: [START_MS], meters: {} }
  await store.openSpend([reservationOf(`call${keyId}`, { keyId })])
  say({ did: 'held', keyId })
  if (index % 2 === 0) {
    await store.settleSpend([settlementOf(`call${keyId}`, 7)])
    say({ did: 'settled', keyId })
  }
  await store.saveUsage([{ ...usage, expiresAtMs: START_MS + 60_000 }], START_MS)
}

if (import.meta.main) {
  const [path = '', name = '', count = 'Infinity'] = process.argv.slice(2)
  const store = await openSqliteStore({ path })
  say({ did: 'opened', keyId: '' })
  for (let index = 0; index < Number(count); index++) {
    await writeOnce(store, `${name}${String(index).padStart(5, '0')}`, index)
  }
  await store.close()
}

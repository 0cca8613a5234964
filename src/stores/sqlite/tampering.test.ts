import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach } from 'vitest'
import { tamperingSuite } from '../../../tests/stores/tampering.ts'
import type { Store } from '../../core/ports/store.ts'
import { openSqliteStore } from './index.ts'

let folder = ''
let store: Store
let db: DatabaseSync
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-tamper-'))
  const path = join(folder, 'lockgate.db')
  store = await openSqliteStore({ path })
  db = new DatabaseSync(path)
})
afterEach(async () => {
  db.close()
  await store.close()
  rmSync(folder, { recursive: true })
})

async function run(...statements: string[]): Promise<void> {
  for (const statement of statements) db.exec(statement)
}

tamperingSuite(() => ({ store, run }))

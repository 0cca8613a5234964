import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { storeContract } from '../../testing/store-contract.ts'
import { openSqliteStore } from './index.ts'

describe('SQLite in a file keeps the store contract', () => {
  storeContract({ describe, test }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lockgate-sqlite-'))
    const open = () => openSqliteStore({ path: join(folder, 'lockgate.db') })
    const store = await open()
    const close = async () => {
      await store.close()
      await rm(folder, { recursive: true })
    }
    return { store, reopen: open, close }
  })
})

describe('SQLite in memory keeps the store contract', () => {
  const open = () => openSqliteStore({ path: ':memory:' })
  const makeStore = async () => {
    const store = await open()
    return { store, reopen: open, close: () => store.close() }
  }
  storeContract({ describe, test }, makeStore, { volatile: 'memory is not shared or kept' })
})

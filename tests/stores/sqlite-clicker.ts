/**
 * A process that clicks a link: `node sqlite-clicker.ts PATH NEW_ID`. It opens the database, says so,
 * and, once its stdin is closed, replaces the key `LeakedKy` by the token `token1`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { LockgateError } from '../../src/core/errors.ts'
import { openSqliteStore } from '../../src/stores/sqlite/index.ts'
import { replaceBy } from '../../src/testing/store-contract/leak-samples.ts'

/** Fulfils when it has opened the database; its answer is `replaced`, or the code of the error. */
export async function startClicker(path: string, newId: string): Promise<() => Promise<string>> {
  const child = spawn(process.execPath, [import.meta.filename, path, newId], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return () => {
    child.stdin.end()
    return text(child.stdout)
  }
}

if (import.meta.main) {
  const [path = '', newId = ''] = process.argv.slice(2)
  const store = await openSqliteStore({ path })
  process.stdout.write('open')
  await text(process.stdin)
  try {
    await replaceBy(store, 'token1', ['LeakedKy', newId])
    process.stdout.write('replaced')
  } catch (error) {
    process.stdout.write(error instanceof LockgateError ? error.code : String(error))
  }
  await store.close()
}

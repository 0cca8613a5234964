import { expect, test } from 'vitest'
import { ConfigError } from './core/errors.ts'
import { type LockgateOptions, lockgate } from './lockgate.ts'

const config = {
  databaseUrl: 'sqlite::memory:',
  keys: { argon2id: { memoryKiB: 64, passes: 1, parallelism: 1 } },
}

test('a member of the configuration beside config is refused, not ignored', async () => {
  const misplaced = { tiers: {} } as LockgateOptions
  await expect(lockgate(misplaced)).rejects.toThrow(ConfigError)
  await expect(lockgate(misplaced)).rejects.toThrow('no option "tiers"')
})

test('a configuration and a file of one are refused together', async () => {
  await expect(lockgate({ config, configFile: 'x.json' })).rejects.toThrow('not both')
})

test('audit rows go to the logger that was given, or to onAudit alone', async () => {
  const logged: string[] = []
  const seen: string[] = []
  const note = (fields: object, message: string) =>
    void logged.push(`${message} ${Object.keys(fields)}`)
  const log = { debug: note, info: note, warn: note, error: note }
  const onAudit = (row: { readonly event: string }) => void seen.push(row.event)
  for (const options of [{ log }, { log, onAudit }]) {
    const gate = await lockgate({ config, ...options })
    await gate.keys.issue({ owner: 'ada@example.com' })
    await gate.close()
  }
  expect({ logged, seen }).toEqual({ logged: ['key.created audit'], seen: ['key.created'] })
})

import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CommandError } from './failure.ts'
import { writePrivateFile } from './private-file.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-file-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('a file is for its owner only, also where one that all could read was there', async () => {
  const path = join(folder, 'out.csv')
  writeFileSync(path, 'older')
  chmodSync(path, 0o644)
  await writePrivateFile(path, async (write) => {
    await write('one')
    expect(readFileSync(path, 'utf8')).toBe('older')
    for (const name of readdirSync(folder)) {
      if (name !== 'out.csv') expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    }
    await write('two')
  })
  expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['onetwo', 0o600])
  expect(readdirSync(folder)).toEqual(['out.csv'])
})

test('a failure leaves the older file as it was, and nothing beside it', async () => {
  const path = join(folder, 'out.csv')
  writeFileSync(path, 'older')
  const writing = writePrivateFile(path, async (write) => {
    await write('half')
    throw new Error('the database is gone')
  })
  await expect(writing).rejects.toThrow('the database is gone')
  expect(readFileSync(path, 'utf8')).toBe('older')
  expect(readdirSync(folder)).toEqual(['out.csv'])
})

test('a place that cannot be written is named, with the option to change', async () => {
  const writing = writePrivateFile(join(folder, 'none', 'out.csv'), async () => undefined)
  await expect(writing).rejects.toThrow(CommandError)
  await expect(writing).rejects.toThrow(
    'out.csv cannot be written (ENOENT); choose another place with --out',
  )
})

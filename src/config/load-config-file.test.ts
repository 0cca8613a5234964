import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ConfigError } from '../core/errors.ts'
import { findConfigFile, loadConfigFile } from './load-config-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockgate-config-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('one file is found, none is none, two are refused by name', () => {
  expect(findConfigFile(folder, undefined)).toBeUndefined()
  writeFileSync(join(folder, 'lockgate.config.json'), '{}')
  expect(findConfigFile(folder, undefined)).toBe(join(folder, 'lockgate.config.json'))
  writeFileSync(join(folder, 'lockgate.config.js'), '')
  expect(() => findConfigFile(folder, undefined)).toThrow(
    'lockgate.config.js and lockgate.config.json',
  )
})

test.each(['lockgate.config.json', 'lockgate.config.ts', 'other'])(
  'a folder %s in place of a file is refused by name',
  (name) => {
    mkdirSync(join(folder, name))
    const find = () => findConfigFile(folder, name === 'other' ? name : undefined)
    expect(find).toThrow(ConfigError)
    expect(find).toThrow(`${join(folder, name)}: is a folder`)
  },
)

test('a JSON file that cannot be read is refused by name', async () => {
  const path = join(folder, 'gone.json')
  await expect(loadConfigFile(path)).rejects.toThrow(`${path}: cannot be read: Error: ENOENT`)
})

test('a file that is a link, as mounted configurations are, finds the package', () => {
  const real = join(folder, '..data')
  mkdirSync(real)
  const text =
    "import { defineConfig } from 'lockgate'\nexport default defineConfig({ realm: 'x' })\n"
  writeFileSync(join(real, 'lockgate.config.mjs'), text)
  const link = join(folder, 'lockgate.config.mjs')
  symlinkSync(join('..data', 'lockgate.config.mjs'), link)
  // A process of its own: the hooks that resolve the package are those of Node, not of the test runner.
  const module = new URL('./load-config-file.ts', import.meta.url).href
  const code = `console.log(JSON.stringify(await (await import('${module}')).loadConfigFile('${link}')))`
  const args = ['--input-type=module', '--eval', code]
  expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('{"realm":"x"}\n')
})

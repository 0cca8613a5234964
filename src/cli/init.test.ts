import { existsSync, readFileSync, statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { newFolder } from '../../tests/cli/command-line.ts'

/** Each command is a process of its own, which takes its time on a busy machine. */
const SLOW = { timeout: 60_000 }

describe('lockgate init', SLOW, () => {
  test('configuration, database and an admin key, in a folder without "type"', async () => {
    const folder = newFolder({ 'package.json': '{"name":"app"}' })
    const { code, out, err } = await folder.run('init', '--json')
    expect(code).toBe(0)
    expect(err).not.toMatch(/warning/i)
    expect(JSON.parse(out)).toMatchObject({ scopes: ['admin'], status: 'active' })
    expect(JSON.parse(out).key).toMatch(/^sk_live_/)
    expect(existsSync(folder.file('lockgate.config.ts'))).toBe(true)
    expect(statSync(folder.file('lockgate.db')).mode & 0o777).toBe(0o600)
    expect((await folder.run('keys', 'list')).err).toBe('')
  })

  test('again: the file is kept, and another admin key comes only with --force', async () => {
    const folder = newFolder({ 'lockgate.config.json': '{"keys":{"prefix":"acme"}}' })
    expect((await folder.run('init')).out).toContain('acme_live_')
    const again = await folder.run('init')
    expect(again.code).toBe(0)
    expect(again.err).toContain('configuration: kept')
    expect(again.err).toContain('An admin key exists already')
    expect(again.out).not.toContain('acme_live_')
    expect((await folder.run('init', '--force')).out).toContain('acme_live_')
    expect(existsSync(folder.file('lockgate.config.ts'))).toBe(false)
    expect(readFileSync(folder.file('lockgate.config.json'), 'utf8')).toContain('acme')
  })
})

describe.concurrent('configuration files', SLOW, () => {
  const tiersOf = async (name: string, text: string) => {
    const { code, out, err } = await newFolder({ [name]: text }).run('tiers', '--json')
    return {
      code,
      err,
      names: code === 0 ? JSON.parse(out).map((row: { tier: string }) => row.tier) : [],
    }
  }
  const body = "{ tiers: { gold: { limits: [{ name: 'm', quota: 1, window: '1m' }] } } }"

  test.each([
    [
      'lockgate.config.ts',
      `const quota: number = 1\nexport default ${body.replace('quota: 1', 'quota')}`,
    ],
    ['lockgate.config.mts', `export default ${body}`],
    ['lockgate.config.js', `export default ${body}`],
    ['lockgate.config.mjs', `export default ${body}`],
    ['lockgate.config.js', `module.exports = ${body}`],
    ['lockgate.config.json', '\ufeff{"tiers":{"gold":{"limits":[]}}}'],
    [
      'lockgate.config.ts',
      `import { defineConfig } from 'lockgate'\nexport default defineConfig(${body})`,
    ],
  ])('%s is read, without a warning', async (name, text) => {
    expect(await tiersOf(name, text)).toEqual({ code: 0, err: '', names: ['free', 'paid', 'gold'] })
  })

  test.each([
    ['lockgate.config.ts', 'export const config = {}', 'has no default export'],
    ['lockgate.config.ts', "throw new Error('no such vault')", 'Error: no such vault'],
    ['lockgate.config.ts', 'export default {', 'cannot be loaded'],
    ['lockgate.config.ts', 'enum A { B }\nexport default {}', 'cannot be loaded'],
    ['lockgate.config.json', '{"upstreamHeaders":{"authorization":"sesame"', 'is not valid JSON'],
    ['lockgate.config.json', 'sesame', 'is not valid JSON'],
    [
      'lockgate.config.json',
      '{"upstrem":"x"}',
      'upstrem is not a known member; did you mean "upstream"?',
    ],
  ])('%s with %s is refused by its name', async (name, text, expected) => {
    const { code, err } = await tiersOf(name, text)
    expect(code).toBe(1)
    expect(err).toContain(`${name}: `)
    expect(err).toContain(expected)
    expect(err).not.toContain('sesame')
    expect(err.trimEnd().split('\n')).toHaveLength(1)
  })

  test('a file that is named must exist; two in one folder are one too many', async () => {
    const folder = newFolder({ 'lockgate.config.js': '', 'lockgate.config.json': '{}' })
    const missing = await folder.run('tiers', '--config', 'other.ts')
    expect(missing.err).toContain(`${folder.file('other.ts')}: there is no such file`)
    const two = await folder.run('tiers')
    expect(two.err).toContain('found lockgate.config.js and lockgate.config.json')
    expect([missing.code, two.code]).toEqual([1, 1])
    expect((await folder.run('tiers', '--config', 'lockgate.config.json')).code).toBe(0)
  })

  test('other warnings are kept', async () => {
    const { err } = await tiersOf(
      'lockgate.config.mjs',
      "process.emitWarning('mind the gap')\nexport default {}",
    )
    expect(err).toContain('mind the gap')
  })
})

import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'

const page = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8')
const named = [...page.matchAll(/`((?:src|tests)\/[^`]+\.ts)`/g)].map(([, path = '']) => path)

test('every test that SECURITY.md names is there', () => {
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
})

test('SECURITY.md names every test of a threat', () => {
  const all = globSync('tests/threats/*.test.ts', { cwd: ROOT })
  const itself = 'tests/threats/listed.test.ts'
  expect(all.filter((path) => path !== itself && !named.includes(path))).toEqual([])
})

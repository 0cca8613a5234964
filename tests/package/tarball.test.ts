import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'

const MAX_PACKED_BYTES = 740_000
const MAX_UNPACKED_BYTES = 2_450_000

/** `tar -tv`: mode, owner, size, date, time, name. */
const entries = execFileSync('tar', ['-tvzf', inject('tarball')], { encoding: 'utf8' })
  .trimEnd()
  .split('\n')
  .map((line) => {
    const [mode = '', , size = '', , , ...name] = line.split(/\s+/)
    return { mode, bytes: Number(size), path: name.join(' ').replace(/^package\//, '') }
  })

const installed = (path: string): string =>
  readFileSync(join(inject('installed'), 'node_modules', 'lockgate', path), 'utf8')

test('holds the build, the scanner rules and the papers, nothing else', () => {
  const strangers = entries
    .map(({ path }) => path)
    .filter((path) => !/^dist\/.+\.(js|d\.ts)$/.test(path))
    .filter((path) => !/^rules\/[a-z-]+\.(toml|yaml|json|txt)$/.test(path))
    .filter((path) => !['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'].includes(path))
  expect(strangers).toEqual([])
  const papers = ['LICENSE', 'README.md', 'CHANGELOG.md', 'package.json']
  expect(entries.map(({ path }) => path)).toEqual(expect.arrayContaining(papers))
})

test('holds no test, soak or benchmark', () => {
  expect(entries.filter(({ path }) => /\.(test|soak|bench|test-d)\./.test(path))).toEqual([])
})

test('is small', () => {
  const unpacked = entries.reduce((sum, { bytes }) => sum + bytes, 0)
  expect(statSync(inject('tarball')).size).toBeLessThan(MAX_PACKED_BYTES)
  expect(unpacked).toBeLessThan(MAX_UNPACKED_BYTES)
})

test('runs nothing when it is installed', () => {
  const { scripts = {} }: { scripts?: Record<string, string> } = JSON.parse(
    installed('package.json'),
  )
  const lifecycle = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish', 'preprepare']
  expect(Object.keys(scripts).filter((name) => lifecycle.includes(name))).toEqual([])
})

test('its program starts with Node and is executable', () => {
  const program = entries.find(({ path }) => path === 'dist/cli/main.js')
  expect(program?.mode).toBe('-rwxr-xr-x')
  expect(installed('dist/cli/main.js')).toMatch(/^#!\/usr\/bin\/env node\n/)
})

test('imports no TypeScript: every relative import names a file that is there', () => {
  const paths = new Set(entries.map(({ path }) => path))
  for (const { path } of entries.filter(({ path }) => path.endsWith('.js'))) {
    for (const [, target = ''] of installed(path).matchAll(/ from '(\.[^']+)'/g)) {
      expect(paths).toContain(join(path, '..', target))
    }
  }
})

test('installs few packages', () => {
  const count = readdirSync(join(inject('installed'), 'node_modules')).length
  expect(count).toBeLessThan(150)
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'
import { newProject, type Project } from './programs.ts'

const { exports }: { exports: Record<string, unknown> } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
)
const specifiers = Object.keys(exports)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => join('lockgate', subpath))

let project: Project
beforeAll(() => {
  project = newProject()
})
afterAll(() => project.remove())

test.each(specifiers)('%s loads, by import and by require, without a word', async (specifier) => {
  const code = `
    const { createRequire } = await import('node:module')
    const loaded = await import('${specifier}')
    const required = createRequire(import.meta.url)('${specifier}')
    if (loaded.default !== undefined) throw new Error('a default export')
    if (Object.keys(loaded).some((name) => loaded[name] !== required[name])) throw new Error('two')
    console.log(Object.keys(loaded).length > 0)
  `
  project.write('load.js', code)
  expect(await project.run('node', 'load.js')).toEqual({ code: 0, stdout: 'true\n', stderr: '' })
})

test('nothing else of the package can be imported', async () => {
  project.write('deep.js', "await import('lockgate/dist/core/errors.js')")
  const { code, stderr } = await project.run('node', 'deep.js')
  expect(code).toBe(1)
  expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED')
})

test('the types of every subpath hold in a strict project that checks libraries too', async () => {
  const imports = specifiers.map((specifier, i) => `export * as n${i} from '${specifier}'`)
  project.write('types.ts', imports.join('\n'))
  const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--types', 'node']
  const modules = [
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--lib',
    'es2024',
    '--ignoreConfig',
  ]
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc')
  const { stdout } = await project.run(tsc, ...options, ...modules, 'types.ts')
  expect(stdout.split('\n').filter((line) => line.includes('lockgate'))).toEqual([])
})

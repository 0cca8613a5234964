/** A configuration as the documentation writes it, beside the installed package and without it. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { ROOT } from '../../scripts/steps.ts'
import { nodeOf } from './node-versions.ts'
import { newProject, type Project } from './programs.ts'

const BODY = `{
  keys: { prefix: 'acme' },
  tiers: { gold: { limits: [{ name: 'minute', quota: 7, window: '1m' }] } },
}`
const IMPORTED = `import { defineConfig } from 'lockgate'\n\nexport default defineConfig(${BODY})\n`
const REQUIRED = `const { defineConfig } = require('lockgate')\n\nmodule.exports = defineConfig(${BODY})\n`

/** The program where it is installed, also for folders that it is not installed in. */
const PROGRAM = join('lockgate', 'dist', 'cli', 'main.js')

const projects: Project[] = []
afterEach(async () => {
  await Promise.all(projects.splice(0).map((project) => project.remove()))
})

interface Place {
  readonly manifest: string
  readonly isInstalled: boolean
  readonly node?: string
}

function projectIn({ manifest, isInstalled, node = process.execPath }: Place): Project {
  const project = newProject(node)
  projects.push(project)
  project.write('package.json', manifest)
  if (!isInstalled) rmSync(join(project.folder, 'node_modules'))
  return project
}

const run = (project: Project, ...args: string[]) =>
  project.run('node', join(inject('installed'), 'node_modules', PROGRAM), ...args)

async function tierNames(project: Project): Promise<string[]> {
  const { code, stdout, stderr } = await run(project, 'tiers', '--json')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout).map(({ tier }: { tier: string }) => tier)
}

const MODULE = '{ "type": "module" }'
const TYPELESS = '{ "name": "app" }'
/** What `npm init -y` writes. */
const COMMONJS = '{ "type": "commonjs" }'

describe.each([true, false])('defineConfig; the package is in node_modules: %s', (isInstalled) => {
  test.each([
    ['lockgate.config.ts', MODULE, IMPORTED],
    ['lockgate.config.js', MODULE, IMPORTED],
    ['lockgate.config.ts', TYPELESS, IMPORTED],
    ['lockgate.config.js', TYPELESS, IMPORTED],
    ['lockgate.config.js', TYPELESS, REQUIRED],
    ['lockgate.config.ts', COMMONJS, IMPORTED],
    ['lockgate.config.js', COMMONJS, IMPORTED],
    ['lockgate.config.js', COMMONJS, REQUIRED],
  ])('in %s beside %s', async (name, manifest, text) => {
    const project = projectIn({ manifest, isInstalled })
    project.write(name, text)
    expect(await tierNames(project)).toEqual(['free', 'paid', 'gold'])
  })

  test.each([
    ['22.18.0', TYPELESS],
    ['22.18.0', COMMONJS],
    ['26', COMMONJS],
  ])('in what init writes, on Node %s beside %s', async (version, manifest) => {
    const project = projectIn({ manifest, isInstalled, node: nodeOf(version) })
    expect(await run(project, 'init')).toMatchObject({ code: 0 })
    expect(readFileSync(join(project.folder, 'lockgate.config.ts'), 'utf8')).toMatch(
      /^import \{ defineConfig \} from 'lockgate'\n\nexport default defineConfig\(\{\n/,
    )
    expect(await tierNames(project)).toEqual(['free', 'paid'])
  })
})

test.each(['lockgate.config.ts', 'lockgate.config.js'])(
  'an app is configured by %s',
  async (name) => {
    const project = projectIn({ manifest: MODULE, isInstalled: true })
    project.write(name, IMPORTED)
    project.write(
      'app.js',
      `import { lockgate } from 'lockgate'
const gate = await lockgate()
const { key } = await gate.keys.issue({ owner: 'ada@example.com', tier: 'gold' })
console.log(key.slice(0, 10))
await gate.close()
`,
    )
    expect(await project.run('node', 'app.js')).toMatchObject({ code: 0, stdout: 'acme_live_\n' })
  },
)

test('what init writes compiles under strict', async () => {
  const project = projectIn({ manifest: MODULE, isInstalled: true })
  expect(await run(project, 'init')).toMatchObject({ code: 0 })
  const compiler = ['--noEmit', '--strict', '--skipLibCheck', '--types', 'node', '--ignoreConfig']
  const modules = ['--module', 'nodenext', '--target', 'es2024']
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc')
  const { stdout } = await project.run(tsc, ...compiler, ...modules, 'lockgate.config.ts')
  expect(stdout).toBe('')
})

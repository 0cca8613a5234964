/**
 * Packs the project, once, and installs the tarball into an empty folder, as a stranger would. All
 * tests of the published package and of the documentation share that folder and must not write
 * into it; they make folders of their own with `newProject`.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { pack } from '../../scripts/pack.ts'
import { ROOT } from '../../scripts/steps.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The packed tarball. */
    tarball: string
    /** A folder with the tarball, Express and the types in its `node_modules`. */
    installed: string
  }
}

/** What examples and documentation import beside `lockgate`. */
const BESIDE = [
  ...(['express', '@types/express', '@types/node', 'openai'] as const),
  ...(['ioredis', 'iovalkey', 'redis', 'pg', '@types/pg'] as const),
]

export default function setup(project: TestProject): () => void {
  const tarball = process.env['LOCKGATE_TARBALL'] ?? buildAndPack()
  const installed = realpathSync(mkdtempSync(join(tmpdir(), 'lockgate-installed-')))
  const { devDependencies }: { devDependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  )
  const beside = BESIDE.map((name) => `${name}@${devDependencies[name]}`)
  writeFileSync(join(installed, 'package.json'), '{ "private": true, "type": "module" }\n')
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', [...args, tarball, ...beside], { cwd: installed, stdio: 'pipe' })
  project.provide('tarball', tarball)
  project.provide('installed', installed)
  return () => rmSync(installed, { recursive: true, force: true })
}

function buildAndPack(): string {
  execFileSync('node', ['scripts/build.ts'], { cwd: ROOT, stdio: 'inherit' })
  return pack()
}

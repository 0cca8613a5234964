/** Other versions of Node, from the npm registry, kept in the cache of this checkout. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from '../../scripts/steps.ts'

/** The program of that version; installed once. */
export function nodeOf(version: string): string {
  const folder = join(CACHE, `node-${version}`)
  const program = join(folder, 'node_modules', 'node', 'bin', 'node')
  if (existsSync(program)) return program
  mkdirSync(folder, { recursive: true })
  const settings = { private: true, allowScripts: { node: true } }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(settings))
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', [...args, `node@${version}`], { cwd: folder, stdio: 'pipe' })
  return program
}

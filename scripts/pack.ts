/** The tarball that would be published, made from the `dist` that is there. */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE, ROOT } from './steps.ts'

/** Packs and returns the path of the tarball. Throws with npm's words when it fails. */
export function pack(): string {
  mkdirSync(CACHE, { recursive: true })
  const args = ['pack', '--ignore-scripts', '--json', '--loglevel=error']
  const output = execFileSync('npm', [...args, '--pack-destination', CACHE], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [packed]: { filename: string }[] = JSON.parse(output)
  if (packed === undefined) throw new Error('npm pack made no tarball')
  return join(CACHE, packed.filename)
}
